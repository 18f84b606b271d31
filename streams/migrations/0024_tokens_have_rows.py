from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('streams', '0023_seal_secrets'),
    ]

    operations = [
        # Written over first: PostgreSQL keeps what was in a column that is dropped.
        migrations.RunSQL("UPDATE streams_account SET auth_token = '', old_auth_token = ''", migrations.RunSQL.noop, elidable=True),
        migrations.RemoveField(model_name='account', name='auth_token'),
        migrations.RemoveField(model_name='account', name='old_auth_token'),
        migrations.RemoveField(model_name='account', name='old_auth_token_until'),
    ]
