"""What the words of a column of events or of an order's status mean: a purchase, money back, or neither."""

from __future__ import annotations

import re
from collections.abc import Mapping

# What a person may say that a word means. What is neither is kept as an event of its own, which buys nothing.
PURCHASE, RETURN, NEITHER = "purchase", "return", "neither"
MEANINGS = (PURCHASE, RETURN, NEITHER)


def _phrases(lines: str) -> frozenset[str]:
    return frozenset(_plain(phrase) for phrase in lines.replace("\n", " ").split(","))


def _plain(text: str) -> str:
    """Return a word as it is compared: ``wc-partially_refunded`` is ``partially refunded``."""
    return re.sub(r"[\s_-]+", " ", text.strip().lower()).removeprefix("wc ")


# Orders that were paid for or sent out; a part of one may come back later.
PURCHASES = _phrases("""
    purchase, purchased, purchases, order, ordered, sale, sales, buy, bought, transaction, checkout,
    renewal, kauf, bestellung, aankoop, bestelling, achat, commande, compra, pedido, venta, acquisto,
    ordine, zakup, paid, partially paid, completed, complete, fulfilled, partially fulfilled, processing,
    processed, captured, settled, succeeded, success, successful, closed won, partially refunded, payment
    accepted, payment received, accepted, approved, confirmed, shipped, partially shipped, dispatched,
    delivered, picked up, awaiting fulfillment, awaiting shipment, awaiting pickup, unfulfilled, shipped
    delivered to buyer, paid and shipped, invoiced, done, bezahlt, abgeschlossen, versandt, versendet,
    verschickt, geliefert, zugestellt, in bearbeitung, betaald, voltooid, verzonden, afgerond, payé,
    payée, terminée, terminé, expédiée, expédié, livrée, livré, en cours, pagado, pagada, completado,
    completada, enviado, enviada, entregado, entregada, pago, concluído, entregue, pagato, pagata,
    completato, completata, spedito, spedita, consegnato, consegnata, opłacone, zrealizowane, wysłane,
    zakończone, zaplaceno, vyřízeno, odesláno, betald, slutförd, skickad, betalt, fullført, afsluttet,
    maksettu, toimitettu, fizetve, teljesítve, ödendi, tamamlandı, оплачен, выполнен, доставлен
""")  # noqa: RUF001
RETURNS = _phrases("""
    return, returned, returns, refund, refunded, cancel, canceled, cancelled, cancellation, chargeback,
    charged back, storno, voided, void, reversed, reversal, disputed, lost dispute, shipped returned to
    seller, returned to seller, rücksendung, retoure, gutschrift, erstattung, storniert, erstattet,
    zurückerstattet, retourniert, retour, geannuleerd, terugbetaald, geretourneerd, remboursement,
    annulation, remboursée, remboursé, annulée, annulé, retournée, devolucion, devolución, reembolso,
    reembolsado, reembolsada, cancelado, cancelada, anulado, devuelto, devolvido, rimborsato, rimborsata,
    annullato, annullata, reso, zwrócone, zwrot, anulowane, vráceno, zrušeno, återbetald, avbruten,
    refunderet, annulleret, refundert, kansellert, hyvitetty, peruttu, visszatérítve, törölve, iade
    edildi, iptal edildi, возврат, отменен, отменён
""")


def event_type_of(text: str, meanings: Mapping[str, str] | None = None) -> str:
    """Return the type of an event as it is kept: ``purchase``, ``return``, or the word in small letters.

    Parameters
    ----------
    meanings
        What words mean, in small letters, where somebody said it: one of `MEANINGS` each.

    Examples
    --------
    >>> event_type_of(""), event_type_of("Order "), event_type_of("REFUND"), event_type_of("Login")
    ('purchase', 'purchase', 'return', 'login')
    >>> event_type_of("On Hold", {"on hold": "purchase"}), event_type_of("Sale", {"sale": "neither"})
    ('purchase', 'sale')
    """
    word = text.strip().lower()
    said = (meanings or {}).get(word)
    if said == NEITHER:
        return word if word not in (PURCHASE, RETURN) else f"{word} (neither)"
    if said:
        return said
    plain = _plain(text)
    if not plain or plain in PURCHASES:
        return PURCHASE
    return RETURN if plain in RETURNS else word
