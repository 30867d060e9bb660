"""Links for the tests that pay them on a real server."""

from payers import Browser

AMOUNT = 100.0


class Link:
    """A link as its payers know it."""

    def __init__(self, server, link_id, path):
        self.server = server
        self.id = link_id
        self.path = path

    def visit(self):
        """Return a new payer's browser with the link's page open."""
        browser = Browser(self.server.url)
        assert browser.open(self.path).status_code == 200
        return browser


def create_links(server, count, on_orders=True, **values):
    """Create links over 100.00, on a quotation each or on nothing at all."""
    with server.environment() as env:
        if on_orders:
            product = env["product.product"].create(
                {"name": "Garden chair", "list_price": AMOUNT, "taxes_id": False}
            )
            customer = env["res.partner"].create(
                {"name": "Ada Payer", "email": "ada.payer@example.com"}
            )
            orders = env["sale.order"].create(
                [
                    {
                        "partner_id": customer.id,
                        "order_line": [
                            (0, 0, {"product_id": product.id, "price_unit": AMOUNT})
                        ],
                    }
                    for _i in range(count)
                ]
            )
            vals_list = [{"sale_order_id": order.id, **values} for order in orders]
        else:
            vals_list = [{"amount": AMOUNT, **values} for _i in range(count)]
        links = env["payment.link"].create(vals_list)
        return [Link(server, link.id, link._get_page_path()) for link in links]
