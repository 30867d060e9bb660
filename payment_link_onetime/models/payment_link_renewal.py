import ipaddress
from datetime import timedelta

from odoo import fields, models
from odoo.exceptions import LockError, UserError
from odoo.fields import Domain
from odoo.tools.misc import hmac

from ..const import RENEWAL_MINUTES, RENEWALS_PER_ADDRESS


class PaymentLink(models.Model):
    """How a payer whose link has expired gets a new one: to the address on file, and
    without a word about whether there is one."""

    _inherit = "payment.link"

    # === BUSINESS METHODS === #

    def _request_renewal(self, address):
        """Leave it to the job to send a new link, if this one has expired.

        Who asks learns nothing by it, and waits for nothing: not whether there is an
        e-mail address, nor whether somebody asked for it before.

        :param str address: From which address of the network it is asked for.
        """
        self.ensure_one()
        if self._get_page_state() != "expired":
            return
        now = fields.Datetime.now()
        requester = self._hash_requester(address)
        messages = self.env["payment.link.message"]
        by_link = [("link_id", "=", self.id), ("kind", "=", "renewal")]
        pause = timedelta(minutes=RENEWAL_MINUTES)
        if messages._is_recent(by_link, now - pause):
            return
        since = now - timedelta(hours=1)
        by_address = [("requester", "=", requester), ("create_date", ">", since)]
        # In sudo mode because payers may not read messages.
        count = messages.sudo().search_count(by_address, limit=RENEWALS_PER_ADDRESS)
        if count < RENEWALS_PER_ADDRESS:
            # Of many who ask at the same moment, one writes the row.
            key = str(int(now.timestamp() // pause.total_seconds()))
            messages._enqueue(self, "renewal", key, requester=requester)
            messages._wake_job()

    def _deliver_renewal(self, message):
        """Send the customer a new link, or the one that there is by now.

        :param payment.link.message message: The message.
        :return: As `payment.link.message._deliver`.
        :rtype: dict
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                link = self._renew()
                link._send_by_email()
        except LockError:
            raise  # Somebody is at it at this moment: it waits for the next run.
        except UserError as error:
            reason = str(error)
            self._on_refused_renewal(reason)
            return {"state": "skipped", "reason": reason}
        return {"state": "sent", "recipient": link.partner_id.email}

    def _renew(self):
        """Return the link that the customer can pay instead of this one.

        :return: The open link that it was replaced by, a new one, or another open link
            of the same document.
        :rtype: payment.link
        :raises UserError: if there is none to be had, saying why.
        """
        self.ensure_one()
        link = self._get_newest()
        if not link.partner_id.email:
            raise UserError(self.env._("The customer has no e-mail address."))
        if link._get_page_state() in ("open", "busy"):
            return link
        try:
            with self.env.cr.savepoint():
                return link._replace()
        except LockError:
            raise
        except UserError:
            if other := link._get_open_sibling():
                return other
            raise

    def _on_refused_renewal(self, reason):
        """Say that a customer waits for a new link, and that there will be none.

        :param str reason: Why.
        """
        self.ensure_one()
        self._ask_person(
            lambda env: env._("New payment link asked for"),
            lambda env: env._(
                "The customer asked for a new link on the page of this expired one. It"
                " was not sent: %(reason)s",
                reason=reason,
            ),
        )

    # === GETTERS === #

    def _get_page_state(self, payer_key=None):
        """Override: an expired link that was reissued shows the same page as before.

        Else it would tell whoever asked for a new one that it was sent.
        """
        page_state = super()._get_page_state(payer_key)
        if (
            page_state == "cancelled"
            and self.close_reason == "reissued"
            and (self._is_expired() or self._is_renewed())
        ):
            return "expired"
        return page_state

    def _is_renewed(self):
        """Return whether somebody asked for a new link on this one's page.

        :rtype: bool
        """
        self.ensure_one()
        # In sudo mode because payers may not read messages.
        messages_sudo = self.env["payment.link.message"].sudo()
        domain = [("link_id", "=", self.id), ("kind", "=", "renewal")]
        return bool(messages_sudo.search_count(domain, limit=1))

    def _get_newest(self):
        """Return the last link of those that replaced each other.

        :rtype: payment.link
        """
        self.ensure_one()
        link = self
        while link.replaced_by_id not in (link, link.browse()):
            link = link.replaced_by_id
        return link

    def _get_open_sibling(self):
        """Return an open link of the same document and customer.

        :return: The newest one, or an empty recordset.
        :rtype: payment.link
        """
        self.ensure_one()
        if not (document := self._get_document()):
            return self.browse()
        links = self.search(
            Domain(document._payment_link_field, "in", document.ids)
            & Domain("state", "=", "open")
            & Domain("partner_id", "=", self.partner_id.id)
            & Domain("company_id", "=", self.company_id.id)
        )
        return links.filtered(lambda link: link._get_page_state() in ("open", "busy"))[
            :1
        ]

    def _hash_requester(self, address):
        """Return what stands for an address of the network, and cannot be read back.

        :param str address: The address. Of IPv6, a household has a whole network.
        :rtype: str
        """
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            text = address or ""
        else:
            prefix = 64 if parsed.version == 6 else 32
            text = str(ipaddress.ip_network(f"{parsed}/{prefix}", strict=False))
        return hmac(self.env(su=True), "payment_link_renewal", text)
