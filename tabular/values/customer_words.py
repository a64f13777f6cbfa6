"""What columns and values of customer tables are called, in six languages."""

from __future__ import annotations

from collections.abc import Sequence

from tabular.values.words import words_of


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _phrases(lines: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(phrase.split()) for phrase in lines.replace("\n", " ").split(","))


YES = _set(
    """
    yes y true t 1 ja j wahr waar oui vrai si sí vero verdadero sim verdadeiro tak prawda ano áno pravda da
    igen igaz evet doğru kyllä tosi sann sandt jah jā taip да истина так ναι כן نعم ใช่ có 是 对 對 はい 예 네
    """  # noqa: RUF001
)
NO = _set(
    """
    no n false f 0 nein falsch nee onwaar non faux falso não nao nie fałsz ne nepravda nu nem hamis hayır
    hayir yanlış yanlis ei epätosi nej nei falsk usann nē нет ложь ні не όχι לא لا ไม่ không 否 不 いいえ
    아니요 아니오
    """  # noqa: RUF001
)

# Columns that say who left, the surest first.
OUTCOMES = _phrases("""
    churn, churned, churn label, churn flag, churn value, is churn, is churned, has churned, attrition,
    attrition flag, attrited, exited, has left, left, lost, cancelled, canceled, is cancelled, terminated,
    unsubscribed, churn status, abgewandert, gekuendigt, gekundigt, kuendigung, kundigung, vertrokken,
    opgezegd, resilie, resiliation, parti, depart, abandono, baja, cancelado, abbandono, disdetta, customer
    status, contract status, account status, status, active, is active, aktiv, actif, activo, attivo,
    target, label, outcome, y""")
# Of these an "active" customer stayed.
STAYED_OUTCOMES = frozenset(["active", "aktiv", "actif", "activo", "attivo", "retained", "actief"])
LEFT = _set(
    """
    churn churned left exited lost attrited cancelled canceled terminated closed inactive gone leaver
    departed unsubscribed abgewandert gekuendigt gekündigt gekundigt inaktiv weg vertrokken opgezegd
    inactief resilie résilié parti inactif perdu baja inactivo cancelado perdido abandono cessato disdetto
    inattivo
    """
)
STAYED = _set(
    """
    stayed stay active existing retained current joined open loyal subscribed aktiv geblieben bestand actief
    gebleven actif fidele activo alta vigente attivo
    """
)
# What is known only of somebody who left, or is the guess of another model: names, and why it is asked about.
AFTERWARDS = (
    (
        """
        churn reason, churn category, reason, cancellation reason, cancel reason, exit reason, attrition
        reason, kuendigungsgrund, kundigungsgrund, grund, reden, motif, motivo
        """,
        "A reason for leaving is written down when somebody leaves",
    ),
    (
        """
        cancellation date, cancel date, cancelled at, churn date, churned at, exit date, end date,
        termination date, leave date, closed at, closing date, kuendigungsdatum, kundigungsdatum,
        austrittsdatum, vertragsende, einddatum, opzegdatum, date resiliation, date de resiliation, date
        fin, fecha baja, fecha de baja, data disdetta
        """,
        "The day of leaving is known only of those who left",
    ),
    (
        """
        churn score, churn probability, churn risk, churn prediction, risk score, attrition probability,
        naive bayes classifier, propensity
        """,
        "A score of another model may have been calculated when it was known who left",
    ),
    (
        """
        cltv, clv, customer lifetime value, lifetime value
        """,
        "A lifetime value may have been calculated when it was known how long the customer stayed",
    ),
    (
        """
        customer status, contract status, account status, subscription status, vertragsstatus, kundenstatus
        """,
        "A status often says that somebody left",
    ),
    (
        """
        retention offer, win back, final bill, exit survey, closing balance, days since cancellation, months
        since cancellation, refund after cancellation
        """,
        "This may have happened only when somebody left",
    ),
)
# Any of the first beside any of the second, in any order, says the same as the names above.
REASONS = _set("reason cause why grund reden oorzaak motif raison motivo causa razon")
LEAVINGS = _set(
    """
    churn cancel cancellation canceled cancelled leaving exit attrition termination unsubscribe kundigung
    kuendigung austritt abwanderung opzegging vertrek resiliation depart baja abandono cancelacion disdetta
    abbandono
    """
)
# Numbers and words of these names stand for groups, not for amounts.
CODES = _set(
    """
    code zip plz postcode region branch area cluster type plan channel segment class category gruppe filiale
    bezirk codigo canal tipo
    """
)
# Words of these names tell a person apart and a group of persons not at all.
PERSONAL = _set(
    """
    surname name firstname lastname fullname forename email mail phone telephone address street nachname
    vorname strasse adresse telefon achternaam voornaam adres nom prenom apellido nombre direccion cognome
    indirizzo comment comments note notes remark remarks description kommentar bemerkung feedback
    """
)


def rank_outcome(name: str) -> float:
    """Return how well a name says who left, from 0 to 1.

    Examples
    --------
    >>> rank_outcome("Churn"), rank_outcome("tenure")
    (1.0, 0.0)
    """
    words = words_of(name)
    for rank, phrase in enumerate(OUTCOMES):
        late = 0.5 * rank / len(OUTCOMES)
        if "".join(words) == "".join(phrase):
            return 1.0 - late
        if len(phrase[0]) > 4 and set(phrase) <= set(words):
            return 0.8 - late
    return 0.0


def says_afterwards(name: str) -> str | None:
    """Return why a column of that name may be known only of those who left; None where nothing says so."""
    words = words_of(name)
    if REASONS & set(words) and LEAVINGS & set(words):
        return AFTERWARDS[0][1]
    for names, reason in AFTERWARDS:
        for phrase in _phrases(names):
            if "".join(words) == "".join(phrase) or (len(phrase) > 1 and set(phrase) <= set(words)):
                return reason
    return None


def yes_no_spellings(values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return what every word for yes and no means among known values, where one of them says each.

    Examples
    --------
    >>> dict(yes_no_spellings(("No", "No internet service", "Yes")))["true"], yes_no_spellings(("DSL", "No"))
    ('Yes', ())
    """
    says = {True: [], False: []}
    for value in values:
        if (said := yes_or_no(value)) is not None:
            says[said].append(value)
    if not len(says[True]) == len(says[False]) == 1:
        return ()
    pairs = dict.fromkeys(sorted(YES), says[True][0]) | dict.fromkeys(sorted(NO), says[False][0])
    return tuple(pairs.items())


def yes_or_no(text: str) -> bool | None:
    """Return whether a cell says yes; None where it says neither.

    Examples
    --------
    >>> yes_or_no(" JA "), yes_or_no("0.0"), yes_or_no("maybe")
    (True, False, None)
    """
    word = text.strip().casefold().removesuffix(".0")
    return True if word in YES else False if word in NO else None
