from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0018_see_secrets'),
        ('streams', '0028_hosts'),
    ]

    operations = [
        migrations.CreateModel(
            name='HostDetail',
            fields=[
            ],
            options={
                'verbose_name': 'host',
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('streams.stream',),
        ),
    ]
