import os

import django

from core.threads import Handler
from intake.body_limit import BodyLimit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "churnbuster.settings")
django.setup(set_prefix=False)

application = BodyLimit(Handler())
