from . import pay
from . import paper
from . import post_processing
from . import api
from . import api_docs
from . import payment_request
from . import renewal
