"""The exceptions for kernels that are not right."""

from __future__ import annotations

import linecache


class KernelError(ValueError):
    """A kernel, or its use with this footprint, is not right.

    ``str`` of it is the message with the place drawn under it.

    >>> import hoodoo
    >>> try:
    ...     hoodoo.Kernel("min(w")
    ... except hoodoo.KernelError as error:
    ...     print(error.code, error.span, error.line, error.column)
    H001 (5, 5) 1 6

    Attributes
    ----------
    message : str
        What is wrong, in one sentence.
    code : str
        What kind of error it is, such as ``"H010"``.
    span : tuple of int
        The place in the source, from the first character to one past the last.
    line, column : int
        Where the place begins, counted from 1.
    """

    # Where users find it; tracebacks show this.
    __module__ = "hoodoo"

    def __init__(self, rendered: str, message: str, code: str, span: tuple[int, int], line: int, column: int) -> None:
        super().__init__(rendered)
        self.message = message
        self.code = code
        self.span = span
        self.line = line
        self.column = column

    def __reduce__(
        self,
    ) -> tuple[type[KernelError], tuple[str, str, str, tuple[int, int], int, int]]:
        return KernelError, (str(self), self.message, self.code, self.span, self.line, self.column)


class TracingError(TypeError):
    """Something in a Python function that `hoodoo.kernel` makes a kernel of can't be in a kernel.

    The message says what to write instead, and where the line is that is meant.

    Attributes
    ----------
    message : str
        What is wrong, and what to write.
    filename : str
    lineno : int
        The line of the function.
    """

    __module__ = "hoodoo"

    def __init__(self, message: str, filename: str, lineno: int) -> None:
        line = linecache.getline(filename, lineno).strip()
        super().__init__(f"{message}\n  {filename}:{lineno}" + (f": {line}" if line else ""))
        self.message = message
        self.filename = filename
        self.lineno = lineno

    def __reduce__(self) -> tuple[type[TracingError], tuple[str, str, int]]:
        return TracingError, (self.message, self.filename, self.lineno)
