from django.core.management.base import BaseCommand
from django.urls import reverse
from django.utils import timezone

from companies import mail
from companies.services.demo import create_demo


class Command(BaseCommand):
    help = "Make a demo company with a developer, two users and an operator, and say how to log in."

    def add_arguments(self, parser):
        parser.add_argument(
            "--reset-passwords",
            action="store_true",
            help="give the demo accounts new passwords and print them",
        )

    def handle(self, *, reset_passwords, **options):
        company, logins = create_demo(at=timezone.now(), reset_passwords=reset_passwords)
        self.stdout.write(f"{company.name}, company ID {company.pk}")
        for login in logins:
            password = login.password or "(unchanged; --reset-passwords makes a new one)"
            path = reverse("companies:login", args=[login.portal]) if login.portal else reverse("admin:index")
            self.stdout.write(
                f"  {login.role:<10} {mail.absolute(path):<36} {login.account.email:<28} {password}"
            )
