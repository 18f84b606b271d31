import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('streams', '0028_hosts'),
    ]

    operations = [
        migrations.CreateModel(
            name='HostBlock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('host', models.CharField(help_text="Without a port, as a stream's service_host has it.", max_length=255)),
                ('why', models.CharField(blank=True, max_length=200)),
                ('blocked_by', models.CharField(help_text="The user's name at that time.", max_length=150)),
                ('blocked_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='host_blocks', to='streams.account')),
            ],
            options={
                'ordering': ('pk',),
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(condition=models.Q(('account__isnull', False)), fields=('host', 'account'), name='host_block_of_account_once'), models.UniqueConstraint(condition=models.Q(('account__isnull', True)), fields=('host',), name='host_block_of_all_once')],
            },
        ),
    ]
