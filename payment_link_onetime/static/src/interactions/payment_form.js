import {PaymentForm} from "@payment/interactions/payment_form";
import {rpc} from "@web/core/network/rpc";
import {patch} from "@web/core/utils/patch";

patch(PaymentForm.prototype, {
    /**
     * Say on a link's page, and not in a dialog on top of it, why it was not paid.
     *
     * Where the link cannot be paid any more, the page shows what became of it.
     *
     * @override method from @payment/interactions/payment_form
     * @private
     * @param {String} title - What failed.
     * @param {String} errorMessage - Why.
     */
    _displayErrorDialog(title, errorMessage = "") {
        const card = this.el.closest(".o_payment_link_card");
        if (!card) {
            return super._displayErrorDialog(...arguments);
        }
        const alert = card.querySelector(".o_payment_link_refusal");
        alert.querySelector("strong").textContent = title;
        alert.querySelector("span").textContent = errorMessage;
        alert.classList.remove("d-none");
        alert.scrollIntoView({block: "center"});
        alert.focus();
        this._followPaymentLink(card);
    },

    /**
     * Start only with an amount that the link can be paid with.
     *
     * @override method from @payment/interactions/payment_form
     * @param {Event} ev
     */
    async submitForm(ev) {
        const chosen = document.getElementById("o_payment_link_chosen");
        if (chosen && !chosen.checkValidity()) {
            ev.stopPropagation();
            ev.preventDefault();
            const error = document.getElementById("o_payment_link_chosen_error");
            error.classList.remove("d-none");
            chosen.setAttribute("aria-invalid", "true");
            chosen.focus();
            return;
        }
        return super.submitForm(...arguments);
    },

    /**
     * Tell the link's page's route how much the payer chose, and who it is.
     *
     * @override method from @payment/interactions/payment_form
     * @private
     */
    _prepareTransactionRouteParams() {
        const params = super._prepareTransactionRouteParams(...arguments);
        const chosen = document.getElementById("o_payment_link_chosen");
        if (chosen) {
            params.amount = chosen.valueAsNumber;
        }
        const payer = document.querySelector(".o_payment_link_payer");
        if (payer) {
            params.payer_name = payer.querySelector("[type='text']").value;
            params.payer_email = payer.querySelector("[type='email']").value;
        }
        return params;
    },

    /**
     * Reload the page if its link is not open any more.
     *
     * @private
     * @param {HTMLElement} card - The page's content.
     */
    async _followPaymentLink(card) {
        const path = card.dataset.pagePath;
        try {
            const status = await rpc(`${path}/status`, {}, {silent: true});
            if (status.page_state !== card.dataset.pageState) {
                window.location.replace(path);
            }
        } catch {
            // The message is there, and the payer can reload.
        }
    },
});
