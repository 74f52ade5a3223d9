# Sets $flags to the heap flags that AWS starts Node.js with: a tenth of the function's memory for young objects, the rest for old ones.
flags='--expose-gc --max-http-header-size 81920'
if [ -n "$AWS_LAMBDA_FUNCTION_MEMORY_SIZE" ]; then
  young=$((AWS_LAMBDA_FUNCTION_MEMORY_SIZE / 10))
  flags="$flags --max-semi-space-size=$((young / 2)) --max-old-space-size=$((AWS_LAMBDA_FUNCTION_MEMORY_SIZE - young))"
fi
