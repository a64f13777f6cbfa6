"""What happens to a row when the one it belongs to goes."""


def cascade_whole(collector, field, sub_objs, using):
    """Delete the rows that point here, as `models.CASCADE`, without emptying their pointer first.

    On MariaDB, `models.CASCADE` sets a nullable pointer to NULL before it deletes the row. Where a check
    constraint says something about that pointer, the row is refused in this moment and nothing can be
    deleted.
    """
    collector.collect(
        sub_objs,
        source=field.remote_field.model,
        source_attr=field.name,
        # Not nullable: the rows are then deleted in order, before the one that they point at.
        nullable=False,
        fail_on_restricted=False,
    )
