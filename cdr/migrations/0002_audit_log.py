from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0001_initial'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='calldetail',
            options={'ordering': ('-started_at', '-id'), 'permissions': [('hang_up_call', 'Can hang up a live call')], 'verbose_name': 'call'},
        ),
        migrations.AlterModelOptions(
            name='streamdetail',
            options={'ordering': ('-requested_at', '-id'), 'permissions': [('stop_stream', 'Can stop a live stream'), ('resend_callback', 'Can resend a status callback')], 'verbose_name': 'stream'},
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('by', models.CharField(help_text="The user's name at that time.", max_length=150)),
                ('address', models.GenericIPAddressField(help_text='Where the request came from.', null=True)),
                ('act', models.CharField(choices=[('stop a stream', 'stop a stream'), ('hang up a call', 'hang up a call'), ('resend a callback', 'resend a callback'), ('export a list', 'export a list'), ('add', 'add'), ('change', 'change'), ('delete', 'delete')], max_length=20)),
                ('kind', models.CharField(help_text='What it was done to: a call, a stream, an account ...', max_length=30)),
                ('subject', models.CharField(help_text='Which one: its UUID or its name.', max_length=200)),
                ('details', models.JSONField(default=dict, help_text='For a change: {field: [old, new]}, secrets hidden.')),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit entries',
                'ordering': ('-id',),
                'indexes': [models.Index(fields=['-at'], name='audit_newest'), models.Index(fields=['subject'], name='audit_subject')],
            },
        ),
    ]
