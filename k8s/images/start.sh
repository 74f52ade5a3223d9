# The last step of /var/runtime/bootstrap in base images other than AWS's: starts the runtime, whose command line are the arguments,
# through the function's wrapper script if it has one. Exit codes are those of AWS's bootstraps.
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
