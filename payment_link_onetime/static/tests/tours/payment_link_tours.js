import {registry} from "@web/core/registry";

const SUBMIT_BUTTON = "button[name='o_payment_submit_button']:not([disabled])";

function pay(status) {
    return [
        {
            content: "Fill in the demo provider's form",
            trigger: "#customer_input",
            run: "edit 4242 4242",
        },
        {
            content: `Let the payment be ${status}`,
            trigger: "#simulated_payment_state",
            run: `select ${status}`,
        },
        {
            content: "Pay",
            trigger: SUBMIT_BUTTON,
            run: "click",
            expectUnloadPage: true,
        },
    ];
}

const confirmation = {
    content: "The page confirms the payment",
    trigger: ".o_payment_link_outcome_completed:contains('We received your payment')",
};

registry.category("web_tour.tours").add("payment_link_send", {
    steps: () => [
        {
            content: "Ask for the money of the quotation",
            trigger: "button[name='action_send_payment_link']",
            run: "click",
        },
        {
            content: "Send it with what the dialog proposes",
            trigger: ".modal button[name='action_send']",
            run: "click",
        },
        {
            content: "It says to whom it was sent",
            trigger: ".o_notification:contains('ada.payer@example.com')",
        },
        {
            content: "The quotation knows its link",
            trigger: "body:not(:has(.modal)) .o_form_view",
        },
    ],
});

registry.category("web_tour.tours").add("payment_link_get", {
    steps: () => [
        {
            content: "Ask for the money of the quotation",
            trigger: "button[name='action_send_payment_link']",
            run: "click",
        },
        {
            content: "Get the link without sending it",
            trigger: ".modal button[name='action_create_link']",
            run: "click",
        },
        {
            content: "The address is there, to be copied",
            trigger: ".modal [name='url']:contains('/pay/')",
        },
        {
            content: "The QR code is there, to be shown",
            trigger: ".modal [name='qr_code'] img",
        },
        {
            content: "Close the dialog",
            trigger: ".modal .modal-footer button[special='cancel']:visible",
            run: "click",
        },
        {
            content: "The dialog is closed",
            trigger: "body:not(:has(.modal)) .o_form_view",
        },
    ],
});

registry.category("web_tour.tours").add("payment_link_pay", {
    steps: () => [...pay("done"), confirmation],
});

registry.category("web_tour.tours").add("payment_link_pay_again_after_failure", {
    steps: () => [
        ...pay("error"),
        {
            content: "The page says that it failed, and offers the form again",
            trigger: ".alert-danger:contains('did not go through')",
        },
        ...pay("done"),
        confirmation,
    ],
});

registry.category("web_tour.tours").add("payment_link_pay_pending", {
    steps: () => [
        ...pay("pending"),
        {
            content: "The page says that the money is on its way, and offers no form",
            trigger:
                "body:not(:has(#o_payment_form)) .o_payment_link_outcome_processing",
        },
    ],
});
