#!/usr/bin/env python
import os

from django.core.management import execute_from_command_line

from core.management.ending import ending_in_a_sentence

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "churnbuster.settings")
    with ending_in_a_sentence():
        execute_from_command_line()
