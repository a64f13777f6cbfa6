from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "This installation"

    def ready(self):
        from core import checks  # noqa: F401  registers itself
        from core.files.cache import cache_folder
        from core.files.owners import ABANDONED_AFTER, Scratch, declare_scratch
        from core.forms import choose_in_words

        choose_in_words()
        declare_scratch("copies of files", Scratch(cache_folder, folders_after=ABANDONED_AFTER))
