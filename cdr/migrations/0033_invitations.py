"""Invitations to the desk of an account, which a worker mails."""

import cdr.member_rows
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0032_trial_calls'),
        ('streams', '0033_spending_limits'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='membership',
            options={'default_permissions': (), 'ordering': ('account', 'user__username'), 'permissions': [('change_members', "Can add and remove members of an account's desk")], 'verbose_name': 'member'},
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('claimed_by', models.CharField(blank=True, max_length=32)),
                ('claimed_until', models.DateTimeField(null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('finished_at', models.DateTimeField(null=True)),
                ('key', models.CharField(max_length=16, unique=True)),
                ('email', models.EmailField(max_length=254)),
                ('role', models.CharField(choices=cdr.member_rows.member_roles, default='viewer', max_length=10)),
                ('origin', models.CharField(max_length=300)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('used_at', models.DateTimeField(null=True)),
                ('used_by', models.CharField(blank=True, max_length=150)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('account', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to='streams.account')),
                ('owner', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='invitations', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-id',),
                'default_permissions': (),
            },
        ),
    ]
