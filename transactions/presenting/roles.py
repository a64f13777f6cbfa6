"""What the columns of a purchase log may mean, in words for people."""

ROLES = {
    "customer_id": ("Customer", "Who bought, or came. One customer has the same value on every row."),
    "event_at": ("Date", "When it happened, with or without a time of day."),
    "time": ("Time of day", "Only where the dates have no times: when on that day it happened."),
    "amount": (
        "Amount",
        "What was paid for this row. Negative amounts are returns. Visits and logins have none: then nothing "
        "is said about money.",
    ),
    "order_id": (
        "Order",
        "Rows with the same order of one customer are one purchase. An order like C1042 is a cancellation.",
    ),
    "product": ("Product", "What was bought."),
    "category": ("Category", "Which kind of product it is."),
    "quantity": ("Quantity", "How many pieces."),
    "unit_price": ("Unit price", "Where the file has no amount: the price of one piece, times the quantity."),
    "discount": ("Discount", "How much was taken off."),
    "event_type": ("Event type", "What happened on this row: purchase, return, login …"),
    "label": ("Has left", "1 or 0, yes or no: whether the customer left, if you know it already."),
}
