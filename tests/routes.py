"""Every URL of the product and who may open it. `test_routes.py` holds the product to this table.

`own` is the answer to a member whom the page is for: 200, or 302 after a form was sent. `{name}` in a path
stands for an object of the company whose `user` and `developer` ask; the others belong to another company.
"""

from dataclasses import dataclass

ANONYMOUS, USER, DEVELOPER = "anonymous", "user", "developer"
FOREIGN_USER, FOREIGN_DEVELOPER, OPERATOR = "foreign_user", "stranger", "operator"
ROLES = (ANONYMOUS, USER, DEVELOPER, FOREIGN_USER, FOREIGN_DEVELOPER, OPERATOR)
MEMBERS = {"user": (USER, FOREIGN_USER), "dev": (DEVELOPER, FOREIGN_DEVELOPER)}
FOREIGN = (FOREIGN_USER, FOREIGN_DEVELOPER)
# The admin has many pages and one rule: operators only.
ADMIN = "admin/"
V2, OWN_V2 = "api/v1/churn/v2/organizations/<str:org>/", "api/v1/churn/v2/organizations/{org}/"


@dataclass(frozen=True)
class Route:
    """One address as it is asked for, and the status that each role gets."""

    path: str
    method: str
    answers: dict[str, int]

    def __str__(self):
        return f"{self.method.upper()} /{self.path}"


def page(path, *, own=200, method="get"):
    """A page of a portal: the other portal's people are refused, who is nobody's member finds nothing."""
    portal = path.split("/")[0]
    answers = dict.fromkeys(ROLES, 403) | {ANONYMOUS: 302, OPERATOR: 404}
    for role in MEMBERS[portal]:
        answers[role] = 404 if role in FOREIGN and "{" in path else own
    return [Route(path, method, answers)]


def both_portals(path, **options):
    """A page that each portal has: who reads with the address of the other one is led to the own."""
    routes = [*page(f"dev/{path}", **options), *page(f"user/{path}", **options)]
    for route in routes:
        if route.method == "get":
            route.answers.update({role: 302 for role, status in route.answers.items() if status == 403})
    return routes


def api(path, *, own=200, method="get"):
    """A resource of the API for approved members of either portal."""
    foreign = 404 if "{" in path else own
    answers = dict.fromkeys((USER, DEVELOPER), own) | dict.fromkeys(FOREIGN, foreign)
    return [Route(path, method, answers | {ANONYMOUS: 401, OPERATOR: 403})]


def developer_api(path, *, own=200, method="get"):
    """A resource of the API for developers alone."""
    foreign = 404 if "{" in path else own
    answers = dict.fromkeys(ROLES, 403) | {ANONYMOUS: 401, DEVELOPER: own, FOREIGN_DEVELOPER: foreign}
    return [Route(path, method, answers)]


def everybody(path, status=200, *, method="get"):
    return [Route(path, method, dict.fromkeys(ROLES, status))]


def only_anonymous(path, status=200, *, logged_in=302, method="get"):
    """A page for those who are not in yet; others are sent home."""
    return [Route(path, method, dict.fromkeys(ROLES, logged_in) | {ANONYMOUS: status})]


def members_go_home(path):
    return [Route(path, "get", dict.fromkeys(ROLES, 302) | {ANONYMOUS: 200, OPERATOR: 200})]


def logged_in(path, status=200, *, method="get"):
    """A page about one's own login: the same for all who have one."""
    return [Route(path, method, dict.fromkeys(ROLES, status) | {ANONYMOUS: 302})]


ROUTES = {
    # --- core
    "health": everybody("health", 503),  # no worker runs beside these tests
    "files/public/<path:name>": everybody("files/public/datasets/org_1/raw/1.csv", 404),  # nothing is public
    "files/<str:token>": everybody("files/no-such-token", 404),
    "help/": everybody("help/"),
    "help/<slug:slug>/": everybody("help/predicting/"),
    "api/schema/": everybody("api/schema/"),
    "api/docs/": everybody("api/docs/"),
    # --- companies
    "": members_go_home(""),
    "join/": everybody("join/"),
    "join/sent/": everybody("join/sent/"),
    r"^confirm-address/(?P<key>[-:\w]+)/$": everybody("confirm-address/no-such-key/", 404),
    "login/": only_anonymous("login/"),
    "logout/": logged_in("logout/"),
    "deactivated/": everybody("deactivated/"),
    "password/": logged_in("password/"),
    "password/reset/": everybody("password/reset/"),
    "password/reset/sent/": everybody("password/reset/sent/"),
    r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": everybody("password/reset/1-no-such-key/"),
    "password/reset/done/": everybody("password/reset/done/"),
    "register/": everybody("register/"),
    "register/sent/": everybody("register/sent/"),
    "register/verify/<str:key>/": everybody("register/verify/no-such-key/", 404),
    "decide/<str:key>/": everybody("decide/no-such-key/", 404),
    "waiting/": logged_in("waiting/", 302),
    "<portal:portal>/": both_portals(""),
    "dev/begin/": page("dev/begin/"),
    "<portal:portal>/join/": [*only_anonymous("dev/join/"), *only_anonymous("user/join/")],
    "<portal:portal>/login/": [*only_anonymous("dev/login/"), *only_anonymous("user/login/")],
    "<portal:portal>/account/": both_portals("account/"),
    "<portal:portal>/account/deactivate/": both_portals("account/deactivate/"),
    "dev/people/": page("dev/people/"),
    "dev/people/<int:number>/approve/": page("dev/people/{waiting}/approve/", own=302, method="post"),
    "dev/people/<int:number>/decline/": page("dev/people/{waiting}/decline/"),
    "dev/people/<int:number>/deactivate/": page("dev/people/{person}/deactivate/", own=302, method="post"),
    # Nobody had deactivated the person: as after a second click, it leads on.
    "dev/people/<int:number>/reactivate/": page("dev/people/{person}/reactivate/", own=302, method="post"),
    "dev/api-keys/": [
        *page("dev/api-keys/"),
        *page("dev/api-keys/", own=400, method="post"),
    ],  # an empty form
    "dev/api-keys/<int:number>/revoke/": page("dev/api-keys/{key}/revoke/"),
    "api/v1/me": api("api/v1/me"),
    "dev/settings/": page("dev/settings/"),
    "dev/hand-over/": page("dev/hand-over/"),
    # --- jobs
    "<portal:portal>/jobs/<uuid:job_id>/": both_portals("jobs/{job}/"),
    "<portal:portal>/jobs/<uuid:job_id>/cancel/": both_portals("jobs/{job}/cancel/", own=302, method="post"),
    "<portal:portal>/jobs/<uuid:job_id>/mail/": both_portals("jobs/{job}/mail/", own=302, method="post"),
    "<portal:portal>/jobs/news/": both_portals("jobs/news/"),
    "<portal:portal>/jobs/seen/": both_portals("jobs/seen/", own=302, method="post"),
    "api/v1/jobs": api("api/v1/jobs"),
    "api/v1/jobs/<uuid:job_id>": api("api/v1/jobs/{job}"),
    "api/v1/jobs/<uuid:job_id>/cancel": api("api/v1/jobs/{job}/cancel", method="post"),
    # --- registry
    "<portal:portal>/bases/": both_portals("bases/"),
    "<portal:portal>/bases/<uuid:base>/": both_portals("bases/{base}/"),
    "<portal:portal>/bases/<uuid:base>/template.csv": both_portals("bases/{base}/template.csv"),
    "dev/bases/<uuid:base>/describe/": [
        *page("dev/bases/{base}/describe/"),
        *page("dev/bases/{base}/describe/", own=400, method="post"),  # an empty form
    ],
    "dev/bases/<uuid:base>/archive/": [
        *page("dev/bases/{base}/archive/"),
        *page("dev/bases/{base}/archive/", own=400, method="post"),  # no reason
    ],
    "<portal:portal>/models/": both_portals("models/"),
    "<portal:portal>/models/<int:pk>/": both_portals("models/{version}/"),
    "dev/models/<int:pk>/deploy/": [
        *page("dev/models/{version}/deploy/"),
        *page("dev/models/{version}/deploy/", own=400, method="post"),  # no reason
    ],
    "dev/models/<int:pk>/withdraw/": [
        *page("dev/models/{version}/withdraw/"),
        *page("dev/models/{version}/withdraw/", own=400, method="post"),
    ],
    "dev/models/roll-back/": page("dev/models/roll-back/", own=409),  # there is no champion
    "dev/ledger/": page("dev/ledger/"),
    "dev/ledger.csv": page("dev/ledger.csv"),
    "api/v1/models": api("api/v1/models"),
    "api/v1/models/<int:pk>": api("api/v1/models/{version}"),
    "api/v1/customer-bases/<uuid:base>": api("api/v1/customer-bases/{base}"),
    "api/v1/customer-bases/<uuid:base>/template.csv": api("api/v1/customer-bases/{base}/template.csv"),
    "api/v1/deployments": [
        *developer_api("api/v1/deployments"),
        *developer_api("api/v1/deployments", own=400, method="post"),  # an empty form
    ],
    "api/v1/deployments/events": developer_api("api/v1/deployments/events"),
    "api/v1/deployments/serving": developer_api("api/v1/deployments/serving"),
    "api/v1/deployments/challenger": developer_api("api/v1/deployments/challenger", own=404),  # there is none
    "api/v1/deployments/roll-back": developer_api("api/v1/deployments/roll-back", own=400, method="post"),
    "api/v1/deployments/<int:pk>/withdraw": developer_api(
        "api/v1/deployments/{deployment}/withdraw", own=400, method="post"
    ),
    # --- transactions
    "<portal:portal>/logs/": both_portals("logs/"),
    "<portal:portal>/logs/new/": [
        *both_portals("logs/new/"),
        *both_portals("logs/new/", own=400, method="post"),  # an empty form
    ],
    "<portal:portal>/logs/<uuid:analysis>/": both_portals("logs/{log}/"),
    "<portal:portal>/logs/<uuid:analysis>/columns/": both_portals("logs/{log}/columns/"),
    # An empty form: it does not say where the file goes.
    "<portal:portal>/logs/<uuid:analysis>/hand-over/": both_portals(
        "logs/{log}/hand-over/", own=400, method="post"
    ),
    **{
        f"<portal:portal>/logs/<uuid:analysis>/{file}": both_portals(f"logs/{{log}}/{file}")
        for file in ("file", "left-out.csv", "delete/", "features/")
    },
    **{
        f"<portal:portal>/logs/<uuid:analysis>/{file}": both_portals(f"logs/{{log}}/{file}")
        for file in ("profile/", "profile.html", "profile.pdf", "profile.json")
    },
    "<portal:portal>/logs/<uuid:analysis>/churn/": [
        *both_portals("logs/{log}/churn/"),
        *both_portals("logs/{log}/churn/", own=400, method="post"),  # an empty form
    ],
    # An empty form.
    "<portal:portal>/logs/<uuid:analysis>/closed/": page("dev/logs/{log}/closed/", own=400, method="post"),
    "<portal:portal>/logs/<uuid:analysis>/features/<uuid:matrix>/": both_portals(
        "logs/{log}/features/{matrix}/"
    ),
    **{
        f"<portal:portal>/logs/<uuid:analysis>/features/<uuid:matrix>/{file}": both_portals(
            f"logs/{{log}}/features/{{matrix}}/{file}"
        )
        for file in ("features.csv", "features.parquet")
    },
    "<portal:portal>/logs/<uuid:analysis>/newer/": [
        *both_portals("logs/{log}/newer/"),
        *both_portals("logs/{log}/newer/", own=400, method="post"),  # an empty form
    ],
    # Nothing serves purchases yet.
    "<portal:portal>/logs/<uuid:analysis>/score/": both_portals("logs/{log}/score/", own=409, method="post"),
    "dev/logs/<uuid:analysis>/model/": [
        *page("dev/logs/{log}/model/"),
        *page("dev/logs/{log}/model/", own=400, method="post"),  # an empty form
    ],
    "dev/logs/<uuid:analysis>/model/<uuid:training>/": page("dev/logs/{log}/model/{log_training}/"),
    "<portal:portal>/logs/samples/": both_portals("logs/samples/"),
    "<portal:portal>/logs/samples/<str:name>": both_portals("logs/samples/bad_no_rows.csv"),
    f"{V2}upload-dataset": api(f"{OWN_V2}upload-dataset", own=400, method="post"),  # an empty form
    f"{V2}datasets": api(f"{OWN_V2}datasets"),
    f"{V2}datasets/<str:dataset>": api(f"{OWN_V2}datasets/{{raw}}"),
    f"{V2}datasets/<str:dataset>/left-out.csv": api(f"{OWN_V2}datasets/{{raw}}/left-out.csv"),
    f"{V2}datasets/<str:dataset>/closed-days": [
        *api(f"{OWN_V2}datasets/{{raw}}/closed-days"),
        *developer_api(f"{OWN_V2}datasets/{{raw}}/closed-days", own=400, method="post"),  # an empty form
    ],
    f"{V2}datasets/<str:dataset>/process-features": api(
        f"{OWN_V2}datasets/{{raw}}/process-features", method="post"
    ),
    "api/v1/refused-rows": api("api/v1/refused-rows", own=410),  # none are kept
    "api/v1/upload": api("api/v1/upload", own=400, method="post"),  # an empty form
    "api/v1/configure": api("api/v1/configure", own=400, method="post"),
    # --- training
    f"{V2}train": developer_api(f"{OWN_V2}train", own=409, method="post"),  # there are no features
    f"{V2}training-status": developer_api(f"{OWN_V2}training-status"),
    "dev/retrain/": [
        *page("dev/retrain/"),
        *page("dev/retrain/", own=400, method="post"),  # an empty form
    ],
    "dev/retrain/sample.csv": page("dev/retrain/sample.csv"),
    "dev/retrain/refused-rows.csv": page("dev/retrain/refused-rows.csv", own=410),  # none are kept
    "dev/bases/new/": [
        *page("dev/bases/new/"),
        *page("dev/bases/new/", own=400, method="post"),  # an empty form
    ],
    "dev/bases/new/sample.csv": page("dev/bases/new/sample.csv"),
    **{
        f"dev/bases/new/{step}": page(f"dev/bases/new/{step}", own=410)  # no file is kept
        for step in ("refused-rows.csv", "columns/", "train/")
    },
    "dev/retrainings/": page("dev/retrainings/"),
    "dev/retrainings/<uuid:run>/": page("dev/retrainings/{retraining}/"),
    **{
        f"dev/retrainings/<uuid:run>/{file}": page(f"dev/retrainings/{{retraining}}/{file}")
        for file in ("upload", "left-out.csv")
    },
    "dev/retrainings/<uuid:run>/search/": page("dev/retrainings/{search}/search/"),
    # Nothing is tried any more.
    "dev/retrainings/<uuid:run>/search/stop/": page(
        "dev/retrainings/{search}/search/stop/", own=409, method="post"
    ),
    "dev/datasets/": page("dev/datasets/"),
    "dev/datasets/<int:pk>/": page("dev/datasets/{dataset}/"),
    "dev/datasets/<int:pk>/download": page("dev/datasets/{dataset}/download"),
    "api/v1/customer-bases": [
        *api("api/v1/customer-bases"),
        *developer_api("api/v1/customer-bases", own=400, method="post"),  # an empty form
    ],
    "api/v1/datasets": developer_api("api/v1/datasets"),
    "api/v1/datasets/<int:pk>": developer_api("api/v1/datasets/{dataset}"),
    "api/v1/retrainings": [
        *developer_api("api/v1/retrainings"),
        *developer_api("api/v1/retrainings", own=400, method="post"),  # an empty form
    ],
    "api/v1/retrainings/<uuid:run>": developer_api("api/v1/retrainings/{retraining}"),
    "api/v1/retrainings/<uuid:run>/search": developer_api("api/v1/retrainings/{search}/search"),
    "api/v1/retrainings/<uuid:run>/left-out.csv": developer_api(
        "api/v1/retrainings/{retraining}/left-out.csv"
    ),
    # --- predictions
    f"{V2}predict": api(f"{OWN_V2}predict", own=415, method="post"),  # no JSON
    "<portal:portal>/predict/": both_portals("predict/"),
    "<portal:portal>/predict/sample.csv": both_portals("predict/sample.csv"),
    "<portal:portal>/predict/refused-rows.csv": both_portals(
        "predict/refused-rows.csv", own=410
    ),  # none are kept
    "<portal:portal>/predictions/": both_portals("predictions/"),
    "<portal:portal>/predictions/<uuid:run>/": both_portals("predictions/{run}/"),
    **{
        f"<portal:portal>/predictions/<uuid:run>/{file}": both_portals(f"predictions/{{run}}/{file}")
        for file in ("customers.csv", "customers.xlsx", "result.csv", "result.xlsx", "upload", "left-out.csv")
    },
    "<portal:portal>/predictions/<uuid:run>/rename/": [
        *both_portals("predictions/{run}/rename/"),
        *page("dev/predictions/{run}/rename/", own=400, method="post"),  # no name
        *page("user/predictions/{run}/rename/", own=400, method="post"),
    ],
    "<portal:portal>/predictions/<uuid:run>/delete/": [
        *both_portals("predictions/{run}/delete/"),
        *page("dev/predictions/{run}/delete/", own=422, method="post"),  # another name was typed
        *page("user/predictions/{run}/delete/", own=422, method="post"),
    ],
    # Only what was scored from a purchase log has them.
    **{
        f"<portal:portal>/predictions/<uuid:run>/{file}": both_portals(f"predictions/{{run}}/{file}", own=404)
        for file in ("lapsed.csv", "changes.csv")
    },
    "dev/predictions/<uuid:run>/changed-sides.csv": page(
        "dev/predictions/{run}/changed-sides.csv", own=409
    ),  # nobody scored in the shadow
    "api/v1/prediction-runs": [
        *api("api/v1/prediction-runs"),
        *api("api/v1/prediction-runs", own=400, method="post"),  # an empty form
    ],
    "api/v1/prediction-runs/<uuid:run>": [
        *api("api/v1/prediction-runs/{run}"),
        *api("api/v1/prediction-runs/{run}", own=400, method="patch"),  # no name
        *api("api/v1/prediction-runs/{run}", own=422, method="delete"),  # no name to confirm
    ],
    "api/v1/prediction-runs/<uuid:run>/left-out.csv": api("api/v1/prediction-runs/{run}/left-out.csv"),
    "api/v1/prediction-runs/<uuid:run>/rows": api("api/v1/prediction-runs/{run}/rows"),
    "api/v1/prediction-runs/<uuid:run>/changed-sides.csv": developer_api(
        "api/v1/prediction-runs/{run}/changed-sides.csv", own=409
    ),
    "api/v1/prediction-runs/<uuid:run>/result.csv": api("api/v1/prediction-runs/{run}/result.csv"),
    # Only what was scored from a purchase log has them.
    **{
        f"api/v1/prediction-runs/<uuid:run>/{file}": api(f"api/v1/prediction-runs/{{run}}/{file}", own=409)
        for file in ("lapsed.csv", "changes.csv")
    },
}
