from . import test_link_charge
from . import test_link_creation
from . import test_page
from . import test_page_queries
from . import test_security
from . import test_send
from . import test_settings
from . import test_tour
