from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('streams', '0002_playback_and_limits'),
    ]

    operations = [
        migrations.AddField(
            model_name='gateway',
            name='signing_token',
            field=models.CharField(blank=True, help_text="Twilio's auth token: its calls are known by their signature, and no password is asked for.", max_length=200),
        ),
        migrations.AlterField(
            model_name='gateway',
            name='dialect',
            field=models.CharField(choices=[('asterisk', 'Asterisk chan_websocket'), ('audio_stream', 'FreeSWITCH mod_audio_stream'), ('audio_fork', 'jambonz, drachtio: mod_audio_fork'), ('twilio', 'Twilio Media Streams and alike')], default='asterisk', max_length=30),
        ),
    ]
