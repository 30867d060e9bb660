from . import report_receipt
from . import payment_link_report
from . import payment_link_dashboard
