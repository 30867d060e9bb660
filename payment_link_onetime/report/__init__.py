from . import report_receipt
