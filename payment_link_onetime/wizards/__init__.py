from . import payment_capture_wizard
from . import payment_link_batch_send
from . import payment_link_refund
from . import payment_link_send
from . import payment_link_send_channels
from . import payment_link_webhook_replay
from . import payment_link_send_paper
