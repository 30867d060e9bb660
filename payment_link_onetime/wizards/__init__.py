from . import payment_link_refund
from . import payment_link_send
