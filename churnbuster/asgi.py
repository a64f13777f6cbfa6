import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "churnbuster.settings")
django.setup(set_prefix=False)

# Who sends a large body is asked of tables, which are known only now.
from core.threads import Handler  # noqa: E402
from intake.body_limit import BodyLimit  # noqa: E402

application = BodyLimit(Handler())
