import os

from django.core.asgi import get_asgi_application

from intake.body_limit import BodyLimit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "churnbuster.settings")

application = BodyLimit(get_asgi_application())
