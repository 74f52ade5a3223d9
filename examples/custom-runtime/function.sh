# Reads the event from standard input and writes the response to standard output. Standard error is the log.
shout() {
  echo 'shouting' >&2
  tr '[:lower:]' '[:upper:]'
}
