import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("streams", "0024_tokens_have_rows")]

    operations = [
        migrations.AlterField(
            model_name="controlrequest",
            name="requested_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
    ]
