from . import payment_link_send
