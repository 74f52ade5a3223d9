# Runs a Ruby function: loads the handler, then takes one event after the other from the Runtime API.
# Ruby 3, standard library only.

require 'json'
require 'socket'
require 'stringio'

# A client over one keep-alive connection. Reads responses by Content-Length, as the supervisor writes them.
class RuntimeApi
  BASE = '/2018-06-01/runtime'.freeze

  def initialize(address)
    @address = address
    host, port = address.split(':')
    @socket = TCPSocket.new(host, port.to_i)
    @socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
    @next = "GET #{BASE}/invocation/next HTTP/1.1\r\nHost: #{address}\r\n\r\n".b
    @is_asked = false
  end

  # The next event: headers, names in lower case, and bytes.
  def next
    @socket.write(@next) unless @is_asked
    @is_asked = false
    reply
  end

  # Sends the response and the request for the next event in one write, which saves a round trip.
  def respond(request_id, body, content_type)
    @is_asked = true
    request("#{BASE}/invocation/#{request_id}/response", body, { 'Content-Type' => content_type }, @next)
  end

  def fail(request_id, body, error_type)
    request("#{BASE}/invocation/#{request_id}/error", body, error_headers(error_type))
  end

  def fail_init(body, error_type)
    request("#{BASE}/init/error", body, error_headers(error_type))
  end

  private

  def error_headers(error_type)
    { 'Content-Type' => 'application/json', 'Lambda-Runtime-Function-Error-Type' => error_type }
  end

  def request(path, body, headers, behind = '')
    lines = ["POST #{path} HTTP/1.1", "Host: #{@address}", "Content-Length: #{body.bytesize}"]
    headers.each { |name, value| lines << "#{name}: #{value}" }
    @socket.write("#{lines.join("\r\n")}\r\n\r\n".b + body.b + behind)
    reply
  end

  def reply
    headers = {}
    @socket.gets("\r\n") || exit!(1)
    while (line = @socket.gets("\r\n").chomp) != ''
      name, value = line.split(':', 2)
      headers[name.downcase] = value.strip.force_encoding('UTF-8')
    end
    [headers, @socket.read(headers.fetch('content-length', '0').to_i)]
  end
end

# The `context:` argument of a handler.
class LambdaContext
  attr_reader :aws_request_id, :invoked_function_arn, :log_group_name, :log_stream_name, :function_name,
              :memory_limit_in_mb, :function_version, :client_context, :identity, :deadline_ms, :tenant_id

  def initialize(headers)
    @aws_request_id = headers['lambda-runtime-aws-request-id']
    @invoked_function_arn = headers['lambda-runtime-invoked-function-arn']
    @deadline_ms = headers['lambda-runtime-deadline-ms'].to_i
    @tenant_id = headers['lambda-runtime-aws-tenant-id']
    @client_context = parsed(headers['lambda-runtime-client-context'])
    @identity = parsed(headers['lambda-runtime-cognito-identity'])
    @function_name = ENV['AWS_LAMBDA_FUNCTION_NAME']
    @function_version = ENV['AWS_LAMBDA_FUNCTION_VERSION']
    @memory_limit_in_mb = ENV['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']
    @log_group_name = ENV['AWS_LAMBDA_LOG_GROUP_NAME']
    @log_stream_name = ENV['AWS_LAMBDA_LOG_STREAM_NAME']
  end

  def get_remaining_time_in_millis
    [@deadline_ms - (Time.now.to_f * 1000).to_i, 0].max
  end

  private

  def parsed(text)
    text && JSON.parse(text)
  end
end

# Returns a callable for `_HANDLER`: `file.method` or `file.Module::Class.method`.
def load_handler(name)
  file, *path = parts = name.split('.')
  unless [1, 2].include?(path.size)
    raise ArgumentError, "Invalid handler #{parts}, must be of form FILENAME.METHOD or FILENAME.CLASS.METHOD where FILENAME corresponds with an existing Ruby source file FILENAME.rb, CLASS is an optional module/class namespace and METHOD is a callable method. If using CLASS, METHOD must be a class-level method."
  end
  require file
  use_request_id_in_logs if defined?(Logger::Formatter)
  lambda do |event, context|
    receiver = path.size == 2 ? Kernel.const_get(path.first) : TOPLEVEL_BINDING.receiver
    receiver.__send__(path.last, event: event, context: context)
  end
end

# The log lines of Ruby's logger name the invocation they belong to.
def use_request_id_in_logs
  Logger::Formatter.prepend(Module.new do
    def call(severity, time, progname, message)
      stamp = "#{severity[0]}, [#{format_datetime(time)} ##{$$}] #{severity.rjust(5)} #{$_global_aws_request_id}"
      "#{stamp} -- #{progname}: #{msg2str(message)}\n"
    end
  end)
end

def error_record(error, stage)
  trace = (error.backtrace || []).reject { |line| line.start_with?(__FILE__) || line.include?('/rubygems/') }
  { errorMessage: error.message, errorType: "#{stage}<#{error.class}>", stackTrace: trace.first(100) }
end

def log_error(title, record)
  $stdout.write("#{title}\n#{JSON.pretty_generate(record)}\n")
end

def body_of(result)
  result.is_a?(StringIO) ? [result.string, 'application/unknown'] : [JSON.generate(result), 'application/json']
end

# Errors after which AWS's runtime exits; after others the handler is called again.
def critical?(error)
  error.is_a?(NameError) || !error.is_a?(StandardError)
end

def run_one(api, handler)
  headers, body = api.next
  $_global_aws_request_id = request_id = headers['lambda-runtime-aws-request-id']
  ENV['_X_AMZN_TRACE_ID'] = headers['lambda-runtime-trace-id']
  begin
    event = JSON.parse(body.force_encoding('UTF-8'))
    result, content_type = body_of(handler.call(event, LambdaContext.new(headers)))
  rescue Exception => e # A handler may raise whatever it likes; all of it is an answer.
    record = error_record(e, 'Function')
    log_error(critical?(e) ? 'Critical exception from handler' : 'Error raised from handler method', record)
    api.fail(request_id, JSON.generate(record), record[:errorType])
    exit!(-1) if critical?(e)
  else
    api.respond(request_id, result, content_type)
  end
end

# A runtime that starts before its function is known waits for the folder and variables, as JSON on descriptor 3.
def wait_for_function
  return unless ARGV.delete('--standby')

  text = IO.open(3, &:read)
  exit!(0) if text.empty?
  start = JSON.parse(text)
  ENV.replace(start['variables'])
  Dir.chdir(start['folder'])
  Gem.clear_paths
end

$stdout.sync = true
$stderr.sync = true
wait_for_function
$LOAD_PATH.unshift(ENV['LAMBDA_TASK_ROOT'])
api = RuntimeApi.new(ENV['AWS_LAMBDA_RUNTIME_API'])
begin
  handler = load_handler(ENV['_HANDLER'])
rescue Exception => e # So does AWS's runtime with `exit` in a file that is being loaded.
  record = error_record(e, 'Init')
  log_error("Init error when loading handler #{ENV['_HANDLER']}", record)
  api.fail_init(JSON.generate(record), record[:errorType])
  exit!(-4)
end
loop { run_one(api, handler) }
