"""Tests of service URLs, and for existing groups the permission to make them."""

import django.db.models.deletion
from django.conf import settings
from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

from cdr.roles import ADMINISTRATOR, OPERATOR, grant


def allow(apps, schema_editor):
    create_permissions(installed.get_app_config("cdr"), apps=apps, verbosity=0, using=schema_editor.connection.alias)
    for role in (OPERATOR, ADMINISTRATOR):
        grant(apps, role, ("cdr.test_service_url",))


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0006_more_acts'),
        ('streams', '0004_token_rotation'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='UrlTest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.CharField(max_length=2048, verbose_name='service URL')),
                ('content_type', models.CharField(max_length=40)),
                ('call_id', models.UUIDField()),
                ('stream_id', models.UUIDField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done')], default='waiting', max_length=10)),
                ('report', models.JSONField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('began_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='url_tests', to='streams.account')),
                ('of_stream', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='url_tests', to='streams.stream')),
                ('owner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='url_tests', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'URL test',
                'ordering': ('-id',),
                'permissions': [('test_service_url', 'Can test a service URL')],
                'default_permissions': (),
            },
        ),
        migrations.RunPython(allow, migrations.RunPython.noop),
    ]
