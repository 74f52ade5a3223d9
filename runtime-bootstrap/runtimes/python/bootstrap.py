"""Runs a Python function: loads the handler, then takes one event after the other from the Runtime API.

Python 3.8 and later, standard library only; what is slow to import is imported when it is needed.
"""

import json
import os
import sys
import time

# `socket` adds imports that would cost every cold start milliseconds.
import _socket as socket

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE + "/packages")
from awslambdaric.lambda_context import LambdaContext  # noqa: E402


class RuntimeApi:
    """A client over one keep-alive connection. Reads responses by Content-Length, as the supervisor writes them."""

    BASE = "/2018-06-01/runtime"

    def __init__(self, address):
        self._address = address
        host, _, port = address.rpartition(":")
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.connect((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self._next = ("GET %s/invocation/next HTTP/1.1\r\nHost: %s\r\n\r\n" % (self.BASE, address)).encode("latin-1")
        self._is_asked = False

    def next(self):
        """The next event: headers, names in lower case, and bytes."""
        if not self._is_asked:
            self._socket.sendall(self._next)
        self._is_asked = False
        return self._reply()

    def respond(self, request_id, body, content_type):
        """Sends the response and the request for the next event in one write, which saves a round trip."""
        path = "%s/invocation/%s/response" % (self.BASE, request_id)
        self._is_asked = True
        self._request("POST", path, body, {"Content-Type": content_type}, self._next)

    def fail(self, request_id, body):
        self._request("POST", "%s/invocation/%s/error" % (self.BASE, request_id), body, {"Content-Type": "application/json"})

    def fail_init(self, body, error_type):
        headers = {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": error_type}
        self._request("POST", self.BASE + "/init/error", body, headers)

    def _request(self, method, path, body=None, headers=None, behind=b""):
        lines = ["%s %s HTTP/1.1" % (method, path), "Host: " + self._address]
        lines += ["%s: %s" % header for header in (headers or {}).items()]
        if body is not None:
            lines.append("Content-Length: %d" % len(body))
        self._socket.sendall("\r\n".join(lines + ["", ""]).encode("latin-1") + (body or b"") + behind)
        return self._reply()

    def _reply(self):
        while b"\r\n\r\n" not in self._received:
            self._receive()
        head, _, rest = self._received.partition(b"\r\n\r\n")
        headers = {}
        for line in head.decode("utf-8").split("\r\n")[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        self._received = rest
        while len(self._received) < length:
            self._receive()
        body, self._received = self._received[:length], self._received[length:]
        return headers, body

    def _receive(self):
        piece = self._socket.recv(1 << 20)
        if not piece:
            os._exit(1)
        self._received += piece


class FunctionFault(Exception):
    """The function cannot be loaded, or its result cannot be sent; type and text are those of AWS's runtime."""

    def __init__(self, error_type, message, trace=()):
        super().__init__(message)
        self.error_type = error_type
        self.trace = list(trace)


def context_of(headers):
    """The `context` argument of a handler, from the headers of the event."""
    client_context = headers.get("lambda-runtime-client-context")
    identity = headers.get("lambda-runtime-cognito-identity")
    return LambdaContext(
        headers["lambda-runtime-aws-request-id"],
        json.loads(client_context) if client_context else None,
        json.loads(identity) if identity else None,
        int(headers.get("lambda-runtime-deadline-ms", "0")),
        headers.get("lambda-runtime-invoked-function-arn"),
        headers.get("lambda-runtime-aws-tenant-id"),
    )


class Unbuffered:
    """Writes each piece at once, so that the log is whole whatever happens to the process."""

    def __init__(self, stream):
        self._stream = stream

    def write(self, text):
        self._stream.write(text)
        self._stream.flush()

    def writelines(self, lines):
        self._stream.writelines(lines)
        self._stream.flush()

    def __getattr__(self, name):
        return getattr(self._stream, name)


request_id_now = None
tenant_id_now = None

KNOWN_FIELDS = frozenset(
    "name msg args levelname levelno pathname filename module exc_info exc_text stack_info lineno funcName created msecs "
    "relativeCreated thread threadName processName process taskName message asctime aws_request_id tenant_id".split()
)


def json_record_text(record):
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
    values = {"timestamp": stamp, "level": record.levelname, "message": record.getMessage(), "logger": record.name}
    if record.exc_info:
        import traceback

        kind, error, trace = record.exc_info
        values["stackTrace"] = traceback.format_tb(trace)
        values["errorType"] = kind.__name__ if kind else None
        values["errorMessage"] = str(error)
        values["location"] = "%s:%s:%d" % (record.pathname, record.funcName, record.lineno)
    values["requestId"] = record.aws_request_id
    values["tenantId"] = record.tenant_id
    values.update((name, value) for name, value in vars(record).items() if name not in KNOWN_FIELDS)
    shown = {name: value for name, value in values.items() if value is not None}
    return json.dumps(shown, ensure_ascii=False, default=str)


def install_logging():
    """Adds AWS's handler to the root logger; `logging` is only imported when the function imports it."""
    import importlib.abc
    import importlib.util

    class Installer(importlib.abc.MetaPathFinder):
        def find_spec(self, name, path=None, target=None):
            if name != "logging":
                return None
            sys.meta_path.remove(self)
            spec = importlib.util.find_spec("logging")
            load = spec.loader.exec_module

            def exec_module(module):
                load(module)
                add_handler(module)

            spec.loader.exec_module = exec_module
            return spec

    if "logging" in sys.modules:
        add_handler(sys.modules["logging"])
    else:
        sys.meta_path.insert(0, Installer())


def add_handler(logging):
    """An ordinary handler: functions set their own formatters, which may refer to `aws_request_id`."""
    is_json = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"

    class JsonFormatter(logging.Formatter):
        def format(self, record):
            return json_record_text(record)

    class LambdaLoggerFilter(logging.Filter):
        def filter(self, record):
            record.aws_request_id = request_id_now or ""
            record.tenant_id = tenant_id_now
            return True

    class LambdaLoggerHandler(logging.Handler):
        def emit(self, record):
            text = self.format(record)
            sys.stdout.write(text if text.endswith("\n") else text + "\n")

    logging.Formatter.converter = time.gmtime
    text_format = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
    handler = LambdaLoggerHandler()
    handler.setFormatter(JsonFormatter() if is_json else logging.Formatter(text_format, "%Y-%m-%dT%H:%M:%S"))
    handler.addFilter(LambdaLoggerFilter())
    logging.root.addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL")
    if is_json and level:
        logging.root.setLevel({"TRACE": "DEBUG", "FATAL": "CRITICAL"}.get(level, level))


def load_handler(name):
    """Imports the function that `_HANDLER` names: `folder/module.function` or `package.module.function`."""
    import importlib

    module_path, _, function = name.rpartition(".")
    if not module_path:
        raise FunctionFault("Runtime.MalformedHandlerName", "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name)
    module_name = module_path.replace("/", ".")
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise FunctionFault("Runtime.BuiltInModuleConflict", "Cannot use built-in module %s as a handler module" % module_path)
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise FunctionFault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_path, error))
    except SyntaxError as error:
        trace = ['  File "%s" Line %s\n    %s' % (error.filename, error.lineno, error.text or "")]
        raise FunctionFault("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_path, error), trace)
    if not hasattr(module, function):
        raise FunctionFault("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function, module_path))
    return getattr(module, function)


def error_record(error, request_id):
    """The body an error is reported with; key order as AWS's."""
    if isinstance(error, FunctionFault):
        error_type, trace = error.error_type, error.trace
    else:
        import traceback

        error_type, frames = type(error).__name__, traceback.extract_tb(error.__traceback__)
        trace = traceback.format_list(theirs(frames))
    return {"errorMessage": str(error), "errorType": error_type, "requestId": request_id, "stackTrace": trace}


def theirs(frames):
    """The frames from the first one outside this file; all if there is none, as on AWS."""
    for index, frame in enumerate(frames):
        if "/bootstrap.py" not in frame.filename:
            return frames[index:]
    return frames


UNHANDLED = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. However, in rare cases, a "
    "Lambda runtime update can cause unexpected function behavior. For functions using managed runtimes, runtime updates can be "
    "triggered by a function change, or can be applied automatically. To determine if the runtime has been updated, check the "
    "runtime version in the INIT_START log entry. If this error correlates with a change in the runtime version, you may be able "
    "to mitigate this error by temporarily rolling back to the previous runtime version. For more information, see "
    "https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html"
)


def warn_of_unhandled_exception():
    """AWS's runtime precedes an error of the initialisation with this record of its logger."""
    import logging

    logging.getLogger().warning(UNHANDLED)


def log_error(record):
    """Joins lines into one log event: further lines start with non-breaking spaces."""
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON":
        values = {"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "level": "ERROR"}
        sys.stdout.write(json.dumps({**values, **record}, ensure_ascii=False) + "\n")
        return
    message = ": " + record["errorMessage"] if record["errorMessage"] else ""
    lines = ["[ERROR] " + record["errorType"] + message, "Traceback (most recent call last):"]
    if record["stackTrace"]:
        lines += "".join(record["stackTrace"]).rstrip("\n").split("\n")
    shown = [line[: len(line) - len(line.lstrip(" "))].replace(" ", "\u00a0") + line.lstrip(" ") for line in lines]
    sys.stdout.write("\n".join(shown) + "\n")


def to_json(value):
    """Encodes decimals with all digits and bytes as text, as AWS's runtime does."""
    decimals = []
    mark = os.urandom(16).hex()

    def shown(value):
        from decimal import Decimal

        if isinstance(value, bytes):
            return value.decode("utf-8")
        if not isinstance(value, Decimal):
            raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)
        if value.is_nan():
            return float("nan")
        decimals.append(str(value))
        return mark

    parts = json.dumps(value, default=shown, ensure_ascii=not keeps_characters()).split('"%s"' % mark)
    text = parts[0] + "".join(number + part for number, part in zip(decimals, parts[1:]))
    return text.encode("utf-8", "surrogatepass")


def keeps_characters():
    """From Python 3.12 on, AWS's runtime does not escape characters beyond ASCII."""
    return is_at_least_312()


def is_at_least_312():
    """Whether the function is configured for Python 3.12 or later, whatever version runs it."""
    minor = os.environ.get("AWS_EXECUTION_ENV", "").rpartition(".")[2]
    return (int(minor) if minor.isdigit() else sys.version_info[1]) >= 12


def serialize(result):
    if isinstance(result, bytes):
        return result, "application/unknown"
    try:
        return to_json(result), "application/json"
    except Exception as error:
        raise FunctionFault("Runtime.MarshalError", "Unable to marshal response: %s" % error)


def run_one(api, handler):
    global request_id_now, tenant_id_now
    headers, body = api.next()
    request_id = request_id_now = headers["lambda-runtime-aws-request-id"]
    tenant_id_now = headers.get("lambda-runtime-aws-tenant-id")
    if "lambda-runtime-trace-id" in headers:
        os.environ["_X_AMZN_TRACE_ID"] = headers["lambda-runtime-trace-id"]
    else:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    try:
        try:
            event = json.loads(body)
        except ValueError as error:
            raise FunctionFault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error)
        result, content_type = serialize(handler(event, context_of(headers)))
    except Exception as error:
        record = error_record(error, request_id)
        log_error(record)
        api.fail(request_id, to_json(record))
    else:
        api.respond(request_id, result, content_type)


def wait_for_function():
    """A runtime that starts before its function is known waits for the folder and variables, as JSON on descriptor 3."""
    if "--standby" not in sys.argv:
        return
    sys.argv.remove("--standby")
    import importlib.abc
    import importlib.util

    with open(3, "rb") as input:
        text = input.read()
    if not text:
        os._exit(0)
    start = json.loads(text)
    os.environ.clear()
    os.environ.update(start["variables"])
    os.chdir(start["folder"])


def main():
    sys.stdout, sys.stderr = Unbuffered(sys.stdout), Unbuffered(sys.stderr)
    wait_for_function()
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    add_search_paths()
    install_logging()
    try:
        handler = load_handler(os.environ["_HANDLER"])
    except Exception as error:
        record = error_record(error, "")
        warn_of_unhandled_exception()
        log_error(record)
        api.fail_init(to_json(record), record["errorType"])
        sys.exit(1)
    while True:
        run_one(api, handler)


def add_search_paths():
    """The search path: function, layers, Python's own, without the folder of this file, then what AWS's runtime brings."""
    ours = [HERE + "/packages", *([HERE + "/packages-3.12"] if is_at_least_312() else [])]
    own = [path for path in sys.path if os.path.abspath(path or ".") not in [HERE, *ours]]
    version = "python%d.%d" % sys.version_info[:2]
    layers = ["/opt/python/lib/%s/site-packages" % version, "/opt/python"]
    sys.path[:] = [os.environ["LAMBDA_TASK_ROOT"], *layers, *own, *ours]


if __name__ == "__main__":
    main()
