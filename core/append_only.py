"""Tables to which rows are only ever added.

Triggers hold the same against whoever goes around these classes.
"""

from django.db import models


class AddedRows(models.QuerySet):
    """Rows that may be added and read."""

    def update(self, **kwargs):
        raise TypeError(self.model.REFUSAL)

    def bulk_update(self, *args, **kwargs):
        raise TypeError(self.model.REFUSAL)

    def bulk_create(self, objs, *args, update_conflicts=False, **kwargs):
        if update_conflicts:
            raise TypeError(self.model.REFUSAL)
        return super().bulk_create(objs, *args, **kwargs)

    def delete(self):
        raise TypeError(self.model.REFUSAL)


class AppendOnly(models.Model):
    """A row that stays as it was written; `REFUSAL` is what whoever changes it is told."""

    REFUSAL: str
    objects = AddedRows.as_manager()

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        # No workflow, only the promise of this table: a row that is there stays as it is.
        if not self._state.adding:
            raise TypeError(self.REFUSAL)
        # Otherwise a new object with the number of a row would be written over that row.
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise TypeError(self.REFUSAL)
