"""The nine tables of the first product keep their names, their columns and what the database fills in itself,
on SQLite and on MariaDB: its programs and reports go on reading and writing them.
"""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from companies.models import Company

pytestmark = pytest.mark.django_db

# A column that ends in = has a default in the dump.
TABLES = {
    "companies": "id name email registration_date= email_verified=",
    "datasets": """
        id company_id name file_path is_original is_uploaded is_combined parent_dataset_id created_at=
    """,
    "developers": "id company_id",
    "modeldeployments": "id company_id model_id deployed_by is_active deployed_at= deactivated_at",
    "modelmetrics": "id model_id accuracy precision recall f1_score auc_roc additional_metrics created_at=",
    "models": """
        id model_type_id name version file_path is_default company_id training_dataset_id created_at=
        updated_at=
    """,
    "modeltypes": "id name description",
    "predictions": """
        id user_id developer_id model_id prediction_name input_data result upload_dataset_path
        result_dataset_path created_at=
    """,
    "users": "id company_id",
    # The login of developers and users, which the dump keeps in both.
    "accounts": "id email password_hash registration_date= email_verified=",
}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_keeps_its_name_its_columns_and_their_defaults(table):
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, table)
    found = {column.name: column.default for column in described}

    wanted = TABLES[table].split()
    assert {name.rstrip("=") for name in wanted} <= found.keys()
    assert [name for name in wanted if name.endswith("=") and found[name[:-1]] is None] == []


def test_a_program_that_leaves_the_defaults_out_gets_the_moment_and_nothing_verified():
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO companies (id, uuid, name, email, user_joining) VALUES (%s, %s, %s, %s, %s)",
            ["HARBOUR123", "0" * 31 + "1", "Harbour Telecom", "post@harbour.example.com", "APPROVAL"],
        )

    company = Company.objects.get(pk="HARBOUR123")
    assert abs(timezone.now() - company.registration_date) < timedelta(minutes=5)
    assert company.email_verified is False
