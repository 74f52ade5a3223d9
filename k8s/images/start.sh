# The end of /var/runtime/bootstrap where the base image has none of AWS's: starts the runtime, whose command line are the arguments,
# behind the function's wrapper script if it has one. AWS's do the same, with the same exit codes.
[ -n "$AWS_LAMBDA_EXEC_WRAPPER" ] || exec "$@"
if [ ! -f "$AWS_LAMBDA_EXEC_WRAPPER" ]; then
  echo "$AWS_LAMBDA_EXEC_WRAPPER: does not exist"
  exit 127
fi
if [ ! -x "$AWS_LAMBDA_EXEC_WRAPPER" ]; then
  echo "$AWS_LAMBDA_EXEC_WRAPPER: is not an executable"
  exit 126
fi
exec "$AWS_LAMBDA_EXEC_WRAPPER" "$@"
