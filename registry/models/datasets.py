"""The tables that models learn from."""

import re
import uuid

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from companies.models import Company
from registry.models.populations import Population

# The name that programs know a combined table by counts the uploads that stand in it.
LAST_NUMBER = re.compile("[0-9]+$")


class Dataset(models.Model):
    """One row is one stored table: customers (original, upload, or both combined), a log, its features."""

    class Type(models.TextChoices):
        SNAPSHOT = "snapshot", "Customers, one row each"
        RAW = "raw", "Purchase log"
        FEATURES = "features", "Features of a purchase log"

    company = models.ForeignKey(Company, models.CASCADE, null=True, blank=True, related_name="datasets")
    population = models.ForeignKey(
        Population, models.RESTRICT, related_name="datasets", verbose_name="customer base"
    )
    name = models.CharField(max_length=255)
    file_path = models.CharField(max_length=255, help_text="Relative to its storage.")
    is_original = models.BooleanField(null=True)
    is_uploaded = models.BooleanField(null=True)
    is_combined = models.BooleanField(null=True)
    # Erasing a company deletes the chain in any order; nothing is left pointing at a hole.
    parent_dataset = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="children"
    )
    added_dataset = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="added_to",
        help_text="What its parent was combined with.",
    )  # fmt: skip
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())

    original_filename = models.CharField(max_length=255, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size_bytes = models.BigIntegerField(default=0)
    row_count = models.BigIntegerField(default=0)
    churn_count = models.BigIntegerField(null=True)
    # What purchase logs need beside: the name by which programs know the row, and the storage of its file.
    uuid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    dataset_type = models.CharField(max_length=8, choices=Type, default=Type.SNAPSHOT)
    bucket_name = models.CharField(
        max_length=40, blank=True, help_text="Storage alias; empty: the media folder."
    )
    has_churn_label = models.BooleanField(null=True)
    # What is measured on customers who do not exist is told as such. Their bytes say so, whatever the file is
    # called; what was made from them inherits it.
    holds_invented = models.BooleanField(default=False, db_default=False, editable=False)
    # "default" for the original of the installation, the company's ID for the one it was given, NULL for all
    # others: nobody has two originals, also when two processes set up the same company.
    original_slot = models.CharField(max_length=10, null=True, unique=True, editable=False)  # noqa: DJ001 - NULLs are distinct

    class Meta:
        db_table = "datasets"
        verbose_name = "data set"
        ordering = ("id",)

    def __str__(self):
        return self.name

    @property
    def invented(self) -> str:
        """What stands beside figures of its customers where these are invented, or some of them may be."""
        if not self.holds_invented:
            return ""
        return "partly invented customers" if self.is_combined else "invented customers"

    @property
    def title(self) -> str:
        """What pages call it: the file that was sent; of a combined table whose data it holds, and which."""
        if self.is_combined:
            return f"{self.population}, {self.short_title}"
        return self.short_title

    @property
    def short_title(self) -> str:
        """The same, where it is clear whose customers these are."""
        if self.is_uploaded and self.original_filename:
            return self.original_filename
        uploads = LAST_NUMBER.search(self.name)
        if not self.is_combined or uploads is None:
            return self.name
        month = f"{timezone.localtime(self.created_at):%B %Y}"
        return f"{month} ({uploads[0]} upload{'' if uploads[0] == '1' else 's'})"
