"""What the control plane answers instead of data."""

from agentramp.errors import RefusedError


class RefusalError(RefusedError):
    """An answer with an HTTP status and one of the platform's codes."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def invalid(message: str) -> RefusalError:
    return RefusalError(400, "ERR_VALIDATION_FAILED", message)


def missing(what: str, name: str) -> RefusalError:
    return RefusalError(404, "ERR_NOT_FOUND", f"{what} '{name}' does not exist")


def conflict(message: str) -> RefusalError:
    return RefusalError(409, "ERR_CONFLICT", message)
