"""What columns of purchase logs are called, in English, German, Dutch, French, Spanish,
Italian and Portuguese.
"""

from __future__ import annotations

import difflib
import itertools
import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# For each role the names that say it, the surest first.
ROLE_NAMES: dict[str, tuple[str, ...]] = {
    role: tuple(" ".join(line.split()) for line in names.strip().split(","))
    for role, names in {
        "customer_id": """
            customer id, customer number, customer no, customer nr, customer code, customer key, cust id,
            client id, user id, user number, member id, member number, account id, account number, account
            no, buyer id, shopper id, subscriber id, visitor id, contact id, household id, person id, card
            number, loyalty number, customer, cust, client, user, buyer, member, subscriber, shopper,
            customer email, sold to party, sold to, auftraggeber, donneur d ordre, opdrachtgever, bill to
            party, bill to, payer, ship to party, ship to, debitor, debitorennummer, warenempfaenger,
            warenempfanger, rechnungsempfaenger, rechnungsempfanger, email, e mail, kundennummer, kunden
            nr, kundennr, kunden id, kundenid, kunde, mitgliedsnummer, benutzer id, klantnummer, klant nr,
            klant id, klantid, klant, gebruiker id, lidnummer, numero client, id client, code client,
            numero de client, client numero, identifiant client, numero cliente, id cliente, codigo
            cliente, cliente, cliente id, numero de cliente, id usuario, usuario, codice cliente, numero do
            cliente, codigo do cliente, n client, n cliente, no cliente""",
        "event_at": """
            event date, event time, event timestamp, event at, order date, order time, order timestamp,
            order purchase timestamp, ordered at, purchase date, purchase time, purchase timestamp,
            purchased at, transaction date, transaction time, transaction timestamp, transaction datetime,
            invoice date, sale date, sales date, payment date, booking date, trans date, txn date, visit
            date, date time, datetime, timestamp, date, time, day, created at, created, order day,
            purchase day, bestelldatum, kaufdatum, rechnungsdatum, belegdatum, buchungsdatum,
            transaktionsdatum, auftragsdatum, zeitstempel, datum, zeitpunkt, orderdatum, besteldatum,
            aankoopdatum, factuurdatum, transactiedatum, date de commande, date commande, date achat, date
            d achat, date facture, date de facture, date transaction, horodatage, fecha de compra, fecha
            compra, fecha de pedido, fecha pedido, fecha factura, fecha de transaccion, fecha transaccion,
            fecha, data ordine, data dell ordine, data acquisto, data di acquisto, data fattura, data
            vendita, data transazione, data do pedido, data pedido, data da compra, data compra, data da
            venda, visit time, visited at, visited on, check in, check in date, check in time, login date,
            login time, login at, logged in at, paid at""",
        "time": """
            order time, purchase time, transaction time, event time, invoice time, sale time, sales time,
            payment time, time of day, time of purchase, time of sale, time, clock time, hour, bestellzeit,
            kaufzeit, belegzeit, buchungszeit, uhrzeit, zeit, besteltijd, aankooptijd, tijdstip, tijd, heure
            de commande, heure commande, heure achat, heure d achat, heure, hora de compra, hora compra, hora
            de pedido, hora pedido, hora""",
        "amount": """
            amount, total price, total amount, order total, order amount, order value, purchase amount,
            purchase value, transaction amount, transaction value, sales amount, sale amount, invoice
            amount, invoice total, payment amount, payment value, line total, line amount, grand total, net
            amount, gross amount, revenue, net revenue, sales, total sales, turnover, total, spend, spent,
            value, payment, amt, net sales, betrag, gesamtbetrag, umsatz, rechnungsbetrag, bestellwert,
            gesamtpreis, summe, bedrag, totaalbedrag, omzet, totaal, totaalprijs, montant, montant total,
            total ttc, prix total, chiffre d affaires, importe, importe total, monto, monto total, precio
            total, ingresos, cantidad pagada, prezzo totale, preco total, price, preis, prijs, prix,
            precio, sum, summa, belopp, belop, beloeb, importo, importo totale, totale, prezzo, valor,
            valor total, kwota, wartosc, cena, preco""",
        "order_id": """
            order id, order number, order no, order nr, invoice id, invoice no, invoice number, invoice nr,
            invoice, transaction id, transaction number, transaction no, txn id, receipt id, receipt
            number, receipt no, basket id, purchase id, sale id, ticket id, booking id, document number,
            order, bestellnummer, bestell nr, rechnungsnummer, rechnung nr, belegnummer, auftragsnummer,
            transaktionsnummer, ordernummer, bestelnummer, factuurnummer, transactienummer, numero
            commande, numero de commande, id commande, numero facture, numero de facture, numero pedido,
            numero de pedido, id pedido, numero factura, numero de factura, id transaccion, sales document,
            sales doc, document no, document id, document, verkaufsbeleg, vertriebsbeleg, belegfeld 1,
            increment id, identifiant commande, n commande, n de commande, n facture, numero ordine, numero
            d ordine, numero dell ordine, id ordine, codice ordine, n ordine, numero fattura, n fattura,
            numero scontrino, no pedido, n pedido, no factura, n factura, numero do pedido, id do pedido,
            codigo do pedido, nota fiscal""",
        "product": """
            product name, item name, product title, product, product description, item description, item,
            description, article name, article, product id, product code, item id, item code, stock code,
            sku, article number, asin, ean, upc, produktname, produkt, artikel, artikelname,
            artikelbezeichnung, bezeichnung, artikelnummer, productnaam, omschrijving, nom produit, nom du
            produit, produit, designation, libelle, nombre producto, nombre del producto, producto,
            articulo, descripcion, lineitem name, nome prodotto, nome del prodotto, prodotto, nome
            articolo, articolo, descrizione, codice prodotto, codice articolo, nome do produto, nome
            produto, produto, descricao""",
        "category": """
            category, product category, item category, category name, category code, department, product
            type, product group, product line, segment, kategorie, warengruppe, produktgruppe, categorie,
            productcategorie, productgroep, rayon, famille, categorie produit, categoria, departamento,
            reparto""",
        "quantity": """
            quantity, qty, quantity ordered, units, units sold, unit count, item count, items, n items, num
            items, number of items, no of items, pieces, count, menge, anzahl, stueckzahl, stuckzahl,
            aantal, hoeveelheid, stuks, quantite, nombre, qte, cantidad, unidades, lineitem quantity, qty
            ordered, quantita, qta, q ta, pezzi, quantidade, qtde, qtd""",
        "unit_price": """
            unit price, price per unit, price each, item price, product price, price, unit cost,
            einzelpreis, stueckpreis, stuckpreis, preis, stukprijs, prijs per stuk, eenheidsprijs, prijs,
            prix unitaire, prix, precio unitario, precio, lineitem price, prezzo unitario, prezzo, preco
            unitario, preco""",
        "discount": """
            discount, discount amount, discount value, discount percent, discount pct, discount rate,
            rabatt, nachlass, korting, kortingsbedrag, remise, reduction, rabais, descuento""",
        "event_type": """
            event type, event, event name, transaction type, order status, financial status, payment
            status, type of event, activity type, action, activity, fulfillment status, fulfilment
            status, status, state, type, ereignis, ereignistyp, vorgang, transaktionsart, status
            bestellung, bestellstatus, zahlungsstatus, auftragsstatus, orderstatus, betaalstatus, statut
            commande, statut de la commande, statut, estado del pedido, estado pedido, estado do pedido,
            stato ordine, stato, gebeurtenis, type evenement, evenement, tipo de evento, tipo evento,
            evento, estado""",
        "label": """
            churn label, churn, churned, is churn, is churned, has churned, churn flag, churn status, label,
            exited, attrition, abgewandert, gekuendigt, gekundigt, vertrokken, resilie, parti, abandono,
            baja""",
    }.items()
}
# A date of these is not the day of a purchase.
OTHER_DATES = _set(
    "birth birthday dob born signup registration registered joined join ship shipped shipping shipment "
    "deliver delivered delivery due expiry expires expiration updated modified estimated limit approved "
    "carrier geburt geburtsdatum lieferdatum versanddatum livraison naissance envio entrega nacimiento "
    "geboortedatum nascita consegna spedizione scadenza registrazione iscrizione expedition inscription "
    "echeance nascimento cadastro vencimento"
)
# Lengths of time and times of other things than a purchase.
OTHER_TIMES = OTHER_DATES | _set(
    "duration length elapsed session dwell wait waiting spent start end opening closing dauer wartezeit "
    "lieferzeit duur duree duracion"
)
# What a purchase is written down in; with a number it names an order.
ORDERS = _set(
    "order orders invoice invoices transaction transactions document documents receipt ticket booking basket "
    "voucher auftrag rechnung beleg belegfeld dokument vorgang bestellung"
)
# These name one of whatever stands before them: "order number", "customer key".
NUMBERED = _set("ref reference id no nr number nummer code key name token account konto card")
PEOPLE = _set("person people customer client member user buyer partner kunde kundin party payer")
# A column about one of these says neither how much, nor who bought, nor in which order: "price tier",
# "sales organization", "order status".
OTHER_THINGS = _set(
    "method methods mode type typ art status state terms term days tage channel provider plan tier level "
    "list liste rank score rep representative count date agent clerk manager employee salesman seller vendor "
    "supplier team store shop location site plant warehouse desk counter branch division department org "
    "organization organisation office bureau region district zone market sector city country area route "
    "campaign source group class category segment product item items article unit units piece pieces "
    "territory address street zip postcode plz strasse adresse coupon currency year month quarter week "
    "day note comment reason gruppe klasse artikel filiale niederlassung werk lager gebiet bezirk land ort "
    "vertriebsweg sparte abteilung verkaufsorganisation vertreter verkaeufer verkaufer mitarbeiter stueck "
    "stuck waehrung wahrung jahr monat quartal woche"
)
# A payment or a price has these besides its amount: "payment method", "price tier", "sales order".
OTHER_AMOUNTS = ORDERS | NUMBERED | PEOPLE | OTHER_THINGS
MAILS = _set("email mail")
# What is counted without being paid, and the words around it: "points total", "total visits".
COUNTED = _set(
    "points punkte puntos visits besuche visites visitas logins sessions checkins stamps stempel miles "
    "meilen stars hours stunden minutes minuten"
)
TOTALS = _set("total totals sum summe gesamt balance")
# What a name is about stands before these: "total per account", "Betrag pro Kunde".
BEFORE_MORE = _set(
    "per pro je by of in for incl inkl including excl exkl excluding without before after ohne mit vor nach "
    "von par por de du del"
)
# These change nothing in a name.
SMALL_WORDS = _set("de du des la le les l d del della dello dell do da dos das di el los las")
PARENTHESES = re.compile(r"\([^)]*\)")
TIME_WORDS = _set("time zeit uhrzeit tijd tijdstip heure hora clock hour")
DATE_WORDS = _set(
    "date day time timestamp datetime datum fecha jour dia zeit tijd heure when horodatage zeitstempel at"
)
ID_WORDS = frozenset(
    ["id", "no", "nr", "code", "key", "nummer", "codigo", "sku", "asin", "ean", "upc", "phone", "zip", "plz"]
)
CLOSE_ENOUGH = 0.86
# What sums up a table in the first cell of a row below it; the beginning alone, for RE2 as well.
TOTAL = (
    r"^\W*(?:(?:grand |sub)?totals?|sums?|summe|gesamt|insgesamt|gesamtsumme|totaal|totale|totaux|suma|soma"
    r"|razem|celkem|average|mean|mittelwert|durchschnitt|moyenne|media|gemiddelde|count|anzahl|nombre"
    r"|total g\w+)\b"
)


def says_total(text: str) -> bool:
    """Whether a cell is called like the sum, the mean or the number of the rows above it.

    Examples
    --------
    >>> says_total("Grand total:"), says_total("Total Wine"), says_total("Totally")
    (True, False, False)
    """
    return re.match(rf"{TOTAL}(?! \w)", text, re.IGNORECASE) is not None


def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a column's name.

    Examples
    --------
    >>> words_of("InvoiceNo"), words_of("N\u00famero de cliente"), words_of("order_date ")
    (('invoice', 'no'), ('numero', 'de', 'cliente'), ('order', 'date'))
    """
    plain = unicodedata.normalize("NFKD", name.replace("\u00df", "ss"))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    apart = re.sub(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])", r"\1\3 \2\4", plain)
    return tuple(re.findall(r"[a-z]+|[0-9]+", apart.casefold()))


@lru_cache(maxsize=4096)
def match_role(name: str, role: str) -> tuple[float, str]:
    """Return how well a column's name says a role, 0 to 1, and the known name that it resembles."""
    words = words_of(name)
    joined, best = "".join(words), (0.0, "")
    if not joined:
        return best
    matcher = difflib.SequenceMatcher(b=joined) if len(joined) > 5 else None
    bare = _bare(words)
    for rank, known in enumerate(ROLE_NAMES[role]):
        parts = known.split()
        # Early names are surer than late ones, but any name is surer than a resemblance.
        late = 0.1 * rank / len(ROLE_NAMES[role])
        if joined == "".join(parts) or bare == _bare(parts):
            score = 1.0 - late
        elif len(parts) > 1 and set(parts) <= set(words):
            score = 0.85 - late
        elif len(parts) == 1 and parts[0] in words and len(parts[0]) > 3:
            score = 0.65 - late
        elif matcher is not None and _resembles(matcher, "".join(parts)):
            score = 0.6 - late
        else:
            continue
        best = max(best, (score, known))
    return best


def _bare(words: Sequence[str]) -> list[str]:
    """Return words without the small ones: "date de la commande" is "date de commande"."""
    return [word for word in words if word not in SMALL_WORDS]


def _resembles(matcher: difflib.SequenceMatcher, known: str) -> bool:
    matcher.set_seq1(known)
    # The cheap bounds first: a table may have hundreds of columns.
    bounds = (matcher.real_quick_ratio, matcher.quick_ratio, matcher.ratio)
    return all(bound() >= CLOSE_ENOUGH for bound in bounds)


def says_other_than_amount(name: str) -> bool:
    """Whether a name speaks of what an amount has besides, as the last word before "per" or "of" tells.

    Examples
    --------
    >>> says_other_than_amount("payment_method"), says_other_than_amount("card payment")
    (True, False)
    >>> says_other_than_amount("Points total"), says_other_than_amount("Order total")
    (True, False)
    >>> says_other_than_amount("Total per account"), says_other_than_amount("Amount (reporting date)")
    (False, False)
    """
    about = _about(name)
    counted = [word for word in about if word not in TOTALS]
    return bool(OTHER_AMOUNTS & set(about[-1:]) or COUNTED & set(counted[-1:]))


def says_other_than_order(name: str) -> bool:
    """Whether a name speaks of what an order has besides its number.

    Examples
    --------
    >>> says_other_than_order("Sales Document Type"), says_other_than_order("Order No.")
    (True, False)
    """
    return bool((OTHER_THINGS | PEOPLE) & set(_about(name)[-1:]))


def says_other_than_customer(name: str) -> bool:
    """Whether a name speaks of an order, or of something else that many customers share.

    Examples
    --------
    >>> says_other_than_customer("Sales document no."), says_other_than_customer("Ship-to address")
    (True, True)
    >>> says_other_than_customer("Card number"), says_other_than_customer("Email address")
    (False, False)
    """
    *before, thing = [word for word in _about(name) if word not in NUMBERED and not word.isdigit()] or [""]
    # A lone "team" or "store" may be who buys, and who has an e-mail address surely is.
    shared = bool(before) and thing in OTHER_THINGS and not MAILS & {*before}
    return thing in ORDERS or shared


def names_amount(name: str) -> bool:
    """Whether the thing that a name speaks of is an amount, as in "net value" but not in "sales zone"."""
    return " ".join(_about(name)[-1:]) in ROLE_NAMES["amount"]


def _about(name: str) -> list[str]:
    """Return the words of a name up to the one that says what it is about."""
    words = words_of(PARENTHESES.sub(" ", name)) or words_of(name)
    return list(itertools.takewhile(lambda word: word not in BEFORE_MORE, words)) or list(words)


def says_date(name: str) -> bool:
    """Whether a name speaks of a day or a time."""
    words = set(words_of(name))
    return bool(words & DATE_WORDS) or match_role(name, "event_at")[0] >= 0.6


def says_time(name: str) -> bool:
    """Whether a name speaks of a time of day."""
    words = set(words_of(name))
    return not words & OTHER_TIMES and (bool(words & TIME_WORDS) or match_role(name, "time")[0] >= 0.6)


def says_id(name: str) -> bool:
    """Whether a name speaks of an identifier: text, even where it looks like a number."""
    matches = {role: match_role(name, role)[0] for role in ROLE_NAMES}
    role = max(matches, key=matches.get)
    if matches[role] >= 0.5:
        return role in ("customer_id", "order_id") or (role == "product" and words_of(name)[-1] in ID_WORDS)
    return bool(ID_WORDS & set(words_of(name)[-1:]))
