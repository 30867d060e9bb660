import logging

from odoo.exceptions import UserError


class ApiError(UserError):
    """Why the API refuses a request, in a form that programs can tell apart.

    :param int status: The HTTP status.
    :param str code: What programs compare. Once published it keeps its meaning.
    :param str message: What a person reads.
    :param list errors: What is wrong with which field: dicts of `field` and `message`.
    :param list headers: Pairs of HTTP headers that belong to the answer.
    """

    loglevel = logging.INFO  # Odoo's word for what it logs a refused request as.

    def __init__(self, status, code, message, errors=(), headers=()):
        super().__init__(message)
        self.http_status = status
        self.code = code
        self.errors = list(errors)
        self.headers = list(headers)
