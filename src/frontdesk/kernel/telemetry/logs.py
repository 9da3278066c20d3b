"""Structured logs: one JSON object per line (or readable lines on a terminal), always redacted."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, MutableMapping
from datetime import UTC, datetime
from typing import TextIO

import structlog
from structlog.typing import FilteringBoundLogger, Processor, WrappedLogger

from frontdesk.kernel.telemetry.correlation import current_correlation
from frontdesk.kernel.telemetry.redaction import Redactor

EventFields = MutableMapping[str, object]
# In this order on every line, null where unknown, so that a query can rely on them.
STANDARD_FIELDS = ("at", "level", "module", "event_name", "tenant_id", "correlation_id", "http_status")


class LineWriter:
    """Writes finished lines to a stream; a stream that fails loses lines, never the caller's work."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.dropped = 0

    def msg(self, line: str) -> None:
        """Write one line."""
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            self.dropped += 1

    log = debug = info = warning = warn = error = critical = exception = fatal = failure = err = msg


class _Bridge(logging.Handler):
    """Passes what libraries log through the same processors."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log `record` as an event of the library's own module."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = str(record.msg)
        exc_info = record.exc_info if record.exc_info and record.exc_info[0] is not None else None
        get_logger(record.name).log(record.levelno, message, exc_info=exc_info)


def get_logger(module: str) -> FilteringBoundLogger:
    """Return the logger of `module`; the first argument of its calls becomes `event_name`."""
    logger: FilteringBoundLogger = structlog.get_logger(module=module)
    return logger


def configure_logging(
    *, level: str = "INFO", secrets: Iterable[str] = (), stream: TextIO | None = None, pretty: bool | None = None
) -> LineWriter:
    """Send every log line of this process to `stream` (standard error), redacted of `secrets`.

    `pretty` prints for people instead of as JSON; by default it does so on a terminal only.
    """
    out = sys.stderr if stream is None else stream
    writer = LineWriter(out)
    redactor = Redactor(secrets)
    render = _render_pretty if (out.isatty() if pretty is None else pretty) else _render_json
    processors: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        _Standard(redactor),
        render,
    ]
    number = logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_arguments: writer,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler, _Bridge):
            root.removeHandler(handler)
    root.addHandler(_Bridge())
    root.setLevel(max(number, logging.INFO))
    return writer


class _Standard:
    """Puts the standard fields in front and cleans every value."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def __call__(self, _logger: WrappedLogger, _method: str, fields: EventFields) -> EventFields:
        correlation = current_correlation()
        if correlation is not None:
            fields.setdefault("correlation_id", correlation.correlation_id)
            fields.setdefault("tenant_id", correlation.tenant_id)
            if correlation.causation_id is not None:
                fields.setdefault("causation_id", correlation.causation_id)
        fields["event_name"] = fields.pop("event", None)
        fields.setdefault("at", datetime.now(UTC).isoformat(timespec="milliseconds"))
        exception = fields.pop("exception", None)
        line: dict[str, object] = {
            name: self._redactor.clean(fields.pop(name, None), key="") for name in STANDARD_FIELDS
        }
        for name, value in fields.items():
            line[self._redactor.clean_text(name)] = self._redactor.clean(value, key=name)
        if isinstance(exception, str):
            line["exception"] = self._redactor.clean_lines(exception)
        return line


def _render_json(_logger: WrappedLogger, _method: str, fields: EventFields) -> str:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _render_pretty(_logger: WrappedLogger, _method: str, fields: EventFields) -> str:
    exception = fields.pop("exception", None)
    at, level, module, event_name = (str(fields.pop(name)) for name in STANDARD_FIELDS[:4])
    rest = " ".join(f"{name}={value}" for name, value in fields.items() if value is not None)
    line = f"{at[11:23]} {level:<8} {module}: {event_name} {rest}".rstrip()
    return line if exception is None else f"{line}\n{exception}"
