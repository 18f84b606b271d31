"""Who is at the desk of which account. Administrators of existing installations may say so."""

import django.db.models.deletion
from django.apps import apps as installed
from django.conf import settings
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

import cdr.member_rows
from cdr.roles import ADMINISTRATOR, grant


def allow(apps, schema_editor):
    create_permissions(installed.get_app_config('cdr'), apps=apps, verbosity=0, using=schema_editor.connection.alias)
    grant(apps, ADMINISTRATOR, ('cdr.change_members',))


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0030_acts_on_lists'),
        ('streams', '0033_spending_limits'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=cdr.member_rows.member_roles, default='viewer', max_length=10)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.CharField(blank=True, max_length=150)),
                ('account', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='streams.account')),
                ('user', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('account', 'user__username'),
                'permissions': [('change_members', "Can add and remove members of an account's desk")],
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('account', 'user'), name='member_once')],
            },
        ),
        migrations.RunPython(allow, migrations.RunPython.noop),
    ]
