import django.db.models.deletion
import django.utils.timezone
import streams.sealed
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('streams', '0021_when_a_call_was_heard_of_last'),
    ]

    operations = [
        migrations.CreateModel(
            name='SecretsKey',
            fields=[
                ('fingerprint', models.CharField(max_length=16, primary_key=True, serialize=False)),
                ('used_since', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.AlterModelOptions(
            name='account',
            options={'ordering': ('name',), 'permissions': [('rotate_token', "Can make and revoke an account's auth tokens")]},
        ),
        migrations.AddField(
            model_name='controlrequest',
            name='extra_headers',
            field=streams.sealed.SealedTextField(blank=True, default='', help_text='Of a start: what `details` do not tell of the request.'),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name='application',
            name='answer_xml',
            field=streams.sealed.SealedTextField(blank=True, help_text='The XML itself, instead of an answer URL.'),
        ),
        migrations.AlterField(
            model_name='gateway',
            name='signing_token',
            field=streams.sealed.SealedTextField(blank=True, help_text="Twilio's auth token. Calls are then authenticated by their signature, without a password."),
        ),
        migrations.AlterField(
            model_name='stream',
            name='extra_headers',
            field=streams.sealed.SealedTextField(blank=True),
        ),
        migrations.CreateModel(
            name='AuthToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='What uses it.', max_length=60)),
                ('secret', streams.sealed.SealedTextField(editable=False)),
                ('digest', models.CharField(editable=False, help_text='What it is found by: keyed, so that nobody can try tokens on it.', max_length=64)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_by', models.CharField(blank=True, max_length=150)),
                ('last_used_at', models.DateTimeField(help_text='In the API; up to an hour old.', null=True)),
                ('ends_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='auth_tokens', to='streams.account')),
            ],
            options={
                'ordering': ('-created_at', '-pk'),
                'default_permissions': (),
                'indexes': [models.Index(fields=['account', 'digest'], name='token_of_account')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ends_at', None)), fields=('account', 'name'), name='token_name_once_per_account')],
            },
        ),
    ]
