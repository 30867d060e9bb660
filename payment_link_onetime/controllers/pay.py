import logging
import secrets

import psycopg2
from werkzeug.exceptions import NotFound

from odoo import http
from odoo.exceptions import ConcurrencyError, UserError
from odoo.http import request

from odoo.addons.payment.controllers.portal import PaymentPortal
from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing

from .visitor import is_customer

_logger = logging.getLogger(__name__)

# The cookie that identifies the payer's browser to the claim. It is set with the page,
# so that two clicks that arrive together come from one payer, and outlives no visit.
PAYER_COOKIE = "payment_link_payer"

# The page is one person's business: nobody keeps it, indexes it, frames it, or learns
# its address from a link on it.
PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}

# What every page of a link has once.
PAGE_MARK = "data-page-state="

PAGE_STATUS = {"cancelled": 410, "expired": 410, "superseded": 410}


class PaymentLinkPortal(PaymentPortal):
    @http.route(
        "/pay/<string:access_token>",
        type="http",
        methods=["GET"],
        auth="public",
        sitemap=False,
        readonly=True,
    )
    def payment_link_page(
        self, access_token, returned=None, again=None, renewed=None, **_kwargs
    ):
        """Show the page of a payment link, in the state that it is in.

        Reading the page changes nothing: neither the link nor a session.

        :param str access_token: The secret part of the URL.
        :param str returned: Set if the payer comes back from a provider, whose answer
            may still be on its way.
        :param str again: Set if the payer of a link that can be paid more than once
            wants to do that.
        :param str renewed: Set if the visitor of an expired link asked for a new one.
        :return: The page: 200, 410 for a link that takes no money any more, or 404,
            the same for every wrong token.
        """
        try:
            link_sudo = self._get_link(access_token)
        except NotFound:
            return self._render_not_found()
        page_state = link_sudo._get_page_state(self._ensure_payer_key())
        own_charge_sudo = self._get_own_charge(link_sudo)
        if again:
            own_charge_sudo = own_charge_sudo.browse()
        values = link_sudo._get_page_values(
            page_state, own_charge_sudo, is_returned=bool(returned)
        )
        values["is_renewal_asked"] = bool(renewed)
        if page_state == "open":
            values.update(self._get_payment_form_values(link_sudo))
        return self._render_page(
            "payment_link_onetime.page", values, PAGE_STATUS.get(page_state, 200)
        )

    @http.route("/pay/<string:access_token>/transaction", type="jsonrpc", auth="public")
    def payment_link_transaction(
        self,
        access_token,
        provider_id,
        payment_method_id,
        flow,
        amount=None,
        token_id=None,
        tokenization_requested=False,
        payer_name=None,
        payer_email=None,
        **kwargs,
    ):
        """Create the charge of a payer who won the link, and return how to pay it.

        What is charged, to whom, and where the browser goes afterwards are the link's:
        of what the page sends, only the choice of provider and method counts.

        :param str access_token: The secret part of the URL.
        :param int provider_id: The chosen `payment.provider`.
        :param int payment_method_id: The chosen `payment.method`.
        :param str flow: `direct`, `redirect` or `token`.
        :param float amount: What the page showed, in the link's currency, or what the
            payer chose where the link can be paid in parts. What cannot be charged is
            refused, not adapted.
        :param int token_id: The saved payment method of the flow `token`.
        :param bool tokenization_requested: Whether the payer lets us save the payment
            method. It counts where the page offers it.
        :param str payer_name: Who pays, where a guest pays for somebody else.
        :param str payer_email: That person's e-mail address.
        :param dict kwargs: What Odoo's form sends besides, all of it ignored.
        :return: The processing values of the charge.
        :rtype: dict
        :raise NotFound: For every wrong token.
        :raise BadRequest: For arguments that Odoo's form does not send.
        :raise UserError: If the link takes no payment from this payer now.
        """
        self._validate_transaction_kwargs(kwargs)
        link_sudo = self._get_link(access_token)
        payer_values = link_sudo._prepare_payer_values(payer_name, payer_email)
        payer_key = self._ensure_payer_key()
        charge_sudo = link_sudo._get_double_click(
            payer_key, provider_id, payment_method_id, flow, token_id, amount
        )
        if not charge_sudo:
            amount = link_sudo._claim(payer_key, displayed_amount=amount)
            self._check_payment_choice(
                link_sudo, amount, provider_id, payment_method_id, flow, token_id
            )
            asked_values = link_sudo._prepare_asked_charge() if flow == "token" else {}
            request.update_context(delay_token_charge=True)
            charge_sudo = self._create_transaction(
                provider_id=provider_id,
                payment_method_id=payment_method_id,
                token_id=token_id,
                amount=amount,
                currency_id=link_sudo.currency_id.id,
                partner_id=link_sudo._get_charge_partner().id,
                flow=flow,
                tokenization_requested=(
                    tokenization_requested is True
                    and link_sudo._can_save_payment_method(payer_values)
                ),
                landing_route=link_sudo._get_page_path(),
                # It cannot collide: the count moves under the link's lock.
                reference_prefix=f"{link_sudo.code}-{link_sudo.charge_count}",
                custom_create_values={
                    **link_sudo._get_charge_values(payer_key),
                    **payer_values,
                    **asked_values,
                },
            )
            # The provider hears of the charge only once it cannot be lost any more:
            # its answer would find nothing. It also ends the lock before a slow call.
            request.env.cr.commit()  # pylint: disable=invalid-commit
            if flow == "token":
                self._charge_saved_method(charge_sudo)
        return charge_sudo._get_processing_values()

    @http.route("/pay/<string:access_token>/opened", type="jsonrpc", auth="public")
    def payment_link_opened(self, access_token, via=None):
        """Write down that a person's browser showed the page.

        :param str access_token: The secret part of the URL.
        :param str via: By which way she came, as the page's address says: one of
            `payment.link.event`'s channels. Whatever else it is means `direct`.
        :raise NotFound: For every wrong token.
        """
        link_sudo = self._get_link(access_token)
        # The page gave a cookie to whoever read it before.
        payer_key = request.cookies.get(PAYER_COOKIE)
        if payer_key and is_customer(request):
            link_sudo._record_opening(payer_key, via)

    @http.route(
        "/pay/<string:access_token>/status",
        type="jsonrpc",
        auth="public",
        readonly=True,
    )
    def payment_link_status(self, access_token):
        """Return the state of the page, for a payer who waits for the provider.

        :param str access_token: The secret part of the URL.
        :return: `page_state`, and the `charge_state` of the payer's own charge.
        :rtype: dict
        :raise NotFound: For every wrong token.
        """
        link_sudo = self._get_link(access_token)
        return {
            "page_state": link_sudo._get_page_state(self._ensure_payer_key()),
            "charge_state": self._get_own_charge(link_sudo).state,
        }

    def _render_not_found(self):
        """Return the page of every wrong address, the same for all."""
        return self._render_page("payment_link_onetime.page_not_found", {}, 404)

    @classmethod
    def _render_page(cls, template, values, status):
        """Return a page that nobody but its visitor gets to know.

        :param str template: The XML id of the template.
        :param dict values: What the template shows.
        :param int status: The HTTP status.
        """
        # The route is none of a website's: Odoo would find a language in the address,
        # a cookie or the browser, and the page speaks the customer's. Scripts and
        # styles are those of websites all the same.
        request.is_frontend = True
        request.is_frontend_multilang = False
        request.lang = request.env["res.lang"]._get_data(code=request.env.lang)
        request.env["ir.http"]._frontend_pre_dispatch()
        values.setdefault(
            "html_data",
            {
                "lang": request.env.lang.replace("_", "-"),
                "dir": request.lang.direction,
            },
        )
        response = request.render(template, values, status=status)
        if values.get("landing_view") and not cls._is_landing_intact(response):
            values = {**values, "landing_view": False}
            response = request.render(template, values, status=status)
        response.headers.update(PAGE_HEADERS)
        return response

    @staticmethod
    def _is_landing_intact(response):
        """Return whether a page with the company's template around it can be shown.

        Whatever became of the template since it was chosen: payers can pay.

        :param odoo.http.Response response: The page, which is made by this.
        :rtype: bool
        """
        company = response.qcontext["company"]
        view_id = response.qcontext["landing_view"]
        try:
            with request.env.cr.savepoint(flush=False):
                text = response.render()
        except psycopg2.OperationalError:
            raise  # Odoo runs the request again.
        except Exception as error:
            problem = error
        else:
            # Once, and with its card: it may hide it, or show it twice.
            if text.count(PAGE_MARK) == 1:
                response.set_data(text)
                response.template = None
                return True
            problem = "it does not show the payment form once"
        _logger.warning(
            "The landing template %s of %s is left out: %s.",
            view_id,
            company.name,
            problem,
        )
        return False

    @staticmethod
    def _charge_saved_method(charge_sudo):
        """Let the provider charge a saved payment method: once, come what may.

        Odoo runs a request again that collides with another one, and the provider would
        charge again. What is lost by that is the answer: the charge stays a draft, the
        page waits, and the provider's notification settles it.

        :param payment.transaction charge_sudo: The charge, committed.
        """
        try:
            charge_sudo._charge_with_token()
            request.env.cr.commit()  # pylint: disable=invalid-commit
        except (psycopg2.OperationalError, ConcurrencyError) as error:
            request.env.cr.rollback()
            _logger.info("The answer to %s was lost: %s", charge_sudo.reference, error)

    @staticmethod
    def _get_link(access_token):
        """Return the link of a pay URL, in the customer's language.

        :param str access_token: The secret part of the URL.
        :return: The link in sudo, as payers have no account.
        :rtype: payment.link
        :raise NotFound: For every wrong token, the same for all.
        """
        link_sudo = request.env["payment.link"]._find_by_token(access_token)
        if not link_sudo:
            raise NotFound()
        lang = link_sudo._get_page_lang()
        # Odoo would look up the time zone of the public user.
        timezone = link_sudo.company_id._get_payment_link_timezone()
        request.update_context(lang=lang, tz=timezone)
        return link_sudo.with_env(request.env(su=True))

    @staticmethod
    def _ensure_payer_key():
        """Return what identifies this browser, and give it a cookie if it has none.

        :rtype: str
        """
        if payer_key := request.cookies.get(PAYER_COOKIE):
            return payer_key
        payer_key = secrets.token_urlsafe()
        request.future_response.set_cookie(
            PAYER_COOKIE,
            payer_key,
            max_age=None,
            path="/pay",
            httponly=True,
            samesite="Lax",
            secure=request.httprequest.scheme == "https",
        )
        return payer_key

    @staticmethod
    def _get_own_charge(link_sudo):
        """Return the charge of the link that this browser started last.

        :rtype: payment.transaction
        """
        charge_id = request.session.get(PaymentPostProcessing.MONITORED_TX_ID_KEY)
        charge_sudo = link_sudo.env["payment.transaction"].browse(charge_id).exists()
        return charge_sudo.filtered(lambda tx: tx.payment_link_id == link_sudo)

    def _get_payment_form_values(self, link_sudo):
        """Return what Odoo's payment form needs to show the ways to pay.

        :param payment.link link_sudo: The link.
        :rtype: dict
        """
        amount = link_sudo._get_amount_to_pay()
        link_sudo.env["payment.provider"]._recall_settings(link_sudo.company_id)
        providers_sudo, methods_sudo = link_sudo._get_payment_options(
            link_sudo._get_minimum_amount(amount)
        )
        return {
            "amount": amount,
            "currency": link_sudo.currency_id,
            "partner_id": link_sudo._get_charge_partner().id,
            "providers_sudo": providers_sudo,
            "payment_methods_sudo": methods_sudo,
            "tokens_sudo": link_sudo._get_saved_payment_methods(providers_sudo),
            "show_tokenize_input_mapping": (
                self._compute_show_tokenize_input_mapping(providers_sudo)
                if link_sudo._can_save_payment_method()
                else dict.fromkeys(providers_sudo.ids, False)
            ),
            "is_payer_asked": request.env.user._is_public(),
            "transaction_route": f"{link_sudo._get_page_path()}/transaction",
            "landing_route": link_sudo._get_page_path(),
        }

    @staticmethod
    def _check_payment_choice(
        link_sudo, amount, provider_id, payment_method_id, flow, token_id=None
    ):
        """Refuse a way to pay that the page would not offer.

        :raise UserError: For a provider, method or saved method that is not the link's
            to use, or not this payer's.
        """
        link_sudo.env["payment.provider"]._fetch_settings(link_sudo.company_id)
        providers_sudo, methods_sudo = link_sudo._get_payment_options(amount)
        provider_sudo = providers_sudo.filtered(lambda p: p.id == provider_id)
        if flow == "token":
            tokens_sudo = link_sudo._get_saved_payment_methods(provider_sudo)
            if not tokens_sudo.filtered(lambda token: token.id == token_id):
                raise UserError(
                    request.env._(
                        "This saved payment method is not available for this payment."
                        " Please choose another one."
                    )
                )
            link_sudo._check_decided(token_id)
            return
        method_sudo = methods_sudo.filtered(lambda m: m.id == payment_method_id)
        if (
            flow not in ("direct", "redirect")
            or not provider_sudo
            or provider_sudo not in method_sudo.provider_ids
        ):
            raise UserError(
                request.env._(
                    "This payment method is not available any more. Please reload the"
                    " page and choose another one."
                )
            )
