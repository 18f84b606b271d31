"""Who may open which page of the console, and who may send a form to it: every URL of the site, every list with what it does not
understand, every action of a list, and the live socket, for every role. Whoever is refused has written no row; nor has whoever looks.

Of people with the same rights in all that a page asks about them, one asks for it (tests/cdr/admin/asked_rights.py).

A page that has no line in PAGES, an action that has none in ACTIONS, and an admin whose model has no row to try it on, fail here with the
line to add."""

import gc
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest import mock

import pytest
from asgiref.sync import sync_to_async
from channels.layers import InMemoryChannelLayer, channel_layers
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.db import connection, transaction
from django.template import Template
from django.test import Client
from django.urls import reverse

from cdr import live, roles
from cdr.admin.site import console
from config.asgi import application
from streams.models import Stream
from tests.cdr.admin.asked_often import browser_of, known_people, without_sections
from tests.cdr.admin.asked_rights import Rights, has, noted
from tests.cdr.admin.conftest import person, signed_in
from tests.cdr.admin.every_page import addresses, require_strict_policy, rows, sections
from tests.patient_communicator import PatientCommunicator

WHO = ("anonymous", "nobody", roles.SUPPORT, roles.OPERATOR, roles.BILLING, roles.ADMINISTRATOR, "superuser", "change_user")
"""`nobody` is staff without any permission, `change_user` staff with that one."""
OTHER_VERBS = ("head", "put", "patch", "delete", "options")
LOOKS = "cdr_consolesession"
"""What is written when somebody only looks. (And that a log was downloaded.)"""

PAGES = """
#                                 anonymous   nobody      Support     Operator    Billing     Admin.      superuser   change_user
index                             login/login yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
login                             yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
login_code                        login/login login/login login/login login/login login/login login/login login/login login/login
second_factor                     login/login yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
single_sign_on                    404/405     404/405     404/405     404/405     404/405     404/405     404/405     404/405
single_sign_on_back               404/405     404/405     404/405     404/405     404/405     404/405     404/405     404/405
own_sessions                      login/login yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
own_time_zone                     login/login yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
logout                            yes/yes     405/yes     405/yes     405/yes     405/yes     405/yes     405/yes     405/yes
password_change                   login/login yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
password_change_done              login/login yes/405     yes/405     yes/405     yes/405     yes/405     yes/405     yes/405
autocomplete                      login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
jsi18n                            login/login yes/405     yes/405     yes/405     yes/405     yes/405     yes/405     yes/405
view_on_site                      login/login 404/404     404/404     404/404     404/404     404/404     404/404     404/404
find                              login/login yes/405     yes/405     yes/405     yes/405     yes/405     yes/405     yes/405
health                            login/login yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
cdr_alertchannel_test             login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
cdr_alertchannel_changelist       login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_alertchannel_add              login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
cdr_alertchannel_history          login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_alertchannel_delete           login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
cdr_alertchannel_change           login/login no/no       no/no       yes/no      no/no       yes/yes     yes/yes     no/no
cdr_alertmessage_changelist       login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_alertmessage_add              login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_alertmessage_history          login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_alertmessage_delete           login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_alertmessage_change           login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_alertrule_rehearsal           login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_alertrule_changelist          login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_alertrule_add                 login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_alertrule_history             login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_alertrule_delete              login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
cdr_alertrule_change              login/login no/no       yes/no      yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_alert_acknowledge             login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_alert_changelist              login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_alert_add                     login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_alert_history                 login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_alert_delete                  login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_alert_change                  login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_auditentry_changelist         login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
cdr_auditentry_add                login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_auditentry_history            login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
cdr_auditentry_delete             login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_auditentry_change             login/login no/no       no/no       no/no       no/no       yes/no      yes/no      no/no
old_address                       login/login yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes
streams_callback_resend           login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
streams_callback_all              login/login no/no       no/no       400/yes     no/no       400/yes     400/yes     no/no
streams_callback_news             login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes     no/no
streams_callback_saved            login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes     no/no
streams_callback_changelist       login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes     no/no
streams_callback_add              login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
streams_callback_history          login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes     no/no
streams_callback_delete           login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
streams_callback_change           login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_calldetail_debug_log          login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_calldetail_debug_log_jsonl    login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_calldetail_debug_log_txt      login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_calldetail_hang_up            login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_calldetail_send_digits        login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_calldetail_exports            login/login no/no       no/no       yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_calldetail_file               login/login no/no       no/no       yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_calldetail_all                login/login no/no       no/no       400/yes     no/no       400/yes     400/yes     no/no
cdr_calldetail_news               login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_calldetail_columns            login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_calldetail_saved              login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_calldetail_changelist         login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_calldetail_add                login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_calldetail_history            login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_calldetail_delete             login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_calldetail_change             login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_hostdetail_of                 login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_hostdetail_try_now            login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_hostdetail_block              login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_hostdetail_unblock            login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_hostdetail_stop_streams       login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_hostdetail_changelist         login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_hostdetail_add                login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_hostdetail_history            login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_hostdetail_delete             login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_hostdetail_change             login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_listact_halt                  login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_listact_changelist            login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_listact_add                   login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_listact_history               login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_listact_delete                login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_listact_change                login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_failedsignin_changelist       login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
cdr_failedsignin_add              login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_failedsignin_history          login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
cdr_failedsignin_delete           login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_failedsignin_change           login/login no/no       no/no       no/no       no/no       yes/no      yes/no      no/no
auth_user_second_factor           login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     yes/yes
auth_user_password_change         login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     yes/yes
auth_user_changelist              login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     yes/yes
auth_user_add                     login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
auth_user_history                 login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     yes/yes
auth_user_delete                  login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
auth_user_edit                    login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     yes/yes
auth_user_change                  login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     yes/yes
auth_group_changelist             login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
auth_group_add                    login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
auth_group_history                login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
auth_group_delete                 login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
auth_group_change                 login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
cdr_streamdetail_compare          login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_streamdetail_share_log        login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_streamdetail_revoke_link      login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_streamdetail_debug_log        login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_streamdetail_debug_log_jsonl  login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_streamdetail_debug_log_txt    login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_streamdetail_recording        login/login no/no       no/no       no/no       no/no       404/404     404/404     no/no
cdr_streamdetail_recording_flac   login/login no/no       no/no       no/no       no/no       404/404     404/404     no/no
cdr_streamdetail_stop             login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_streamdetail_exports          login/login no/no       no/no       yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_streamdetail_file             login/login no/no       no/no       yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_streamdetail_all              login/login no/no       no/no       400/yes     no/no       400/yes     400/yes     no/no
cdr_streamdetail_news             login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_streamdetail_columns          login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_streamdetail_saved            login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_streamdetail_changelist       login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_streamdetail_add              login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_streamdetail_history          login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
cdr_streamdetail_delete           login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_streamdetail_change           login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
streams_account_new_customer      login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
streams_account_edit              login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
streams_account_members           login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
streams_account_add_member        login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
streams_account_invite            login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
streams_account_revoke_invitation login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
streams_account_remove_member     login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
streams_account_new_token         login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
streams_account_revoke_token      login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
cdr_statement_open                login/login no/no       no/no       no/no       yes/yes     yes/yes     yes/yes     no/no
cdr_statement_of_account          login/login no/no       no/no       no/no       yes/yes     yes/yes     yes/yes     no/no
cdr_statement_correct             login/login no/no       no/no       no/no       yes/yes     yes/yes     yes/yes     no/no
cdr_statement_csv                 login/login no/no       no/no       no/no       yes/yes     yes/yes     yes/yes     no/no
cdr_statement_pdf                 login/login no/no       no/no       no/no       yes/yes     yes/yes     yes/yes     no/no
cdr_statement_draft               login/login no/no       no/no       no/no       yes/yes     yes/yes     yes/yes     no/no
cdr_statement_draft_csv           login/login no/no       no/no       no/no       yes/yes     yes/yes     yes/yes     no/no
cdr_statement_draft_pdf           login/login no/no       no/no       no/no       yes/yes     yes/yes     yes/yes     no/no
cdr_statement_close               login/login no/no       no/no       no/no       yes/yes     yes/yes     yes/yes     no/no
cdr_statement_changelist          login/login no/no       no/no       no/no       yes/yes     yes/yes     yes/yes     no/no
cdr_statement_add                 login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_statement_history             login/login no/no       no/no       no/no       yes/yes     yes/yes     yes/yes     no/no
cdr_statement_delete              login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_statement_change              login/login no/no       no/no       no/no       yes/yes     yes/yes     yes/yes     no/no
streams_account_new_rate          login/login no/no       no/no       no/no       yes/yes     yes/yes     yes/yes     no/no
streams_account_withdraw_rate     login/login no/no       no/no       no/no       yes/yes     yes/yes     yes/yes     no/no
streams_ratecard_new_rate         login/login no/no       no/no       no/no       yes/yes     yes/yes     yes/yes     no/no
streams_ratecard_withdraw_rate    login/login no/no       no/no       no/no       yes/yes     yes/yes     yes/yes     no/no
streams_ratecard_changelist       login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
streams_ratecard_add              login/login no/no       no/no       no/no       yes/yes     yes/yes     yes/yes     no/no
streams_ratecard_history          login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
streams_ratecard_delete           login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
streams_ratecard_change           login/login no/no       yes/no      yes/no      yes/yes     yes/yes     yes/yes     no/no
streams_account_changelist        login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
streams_account_add               login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
streams_account_history           login/login no/no       yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     no/no
streams_account_delete            login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
streams_account_change            login/login no/no       yes/no      yes/no      yes/no      yes/yes     yes/yes     no/no
streams_application_changelist    login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes     no/no
streams_application_add           login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
streams_application_history       login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes     no/no
streams_application_delete        login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
streams_application_edit          login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
streams_application_change        login/login no/no       yes/no      yes/no      no/no       yes/yes     yes/yes     no/no
streams_gateway_test_call         login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
streams_gateway_changelist        login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes     no/no
streams_gateway_add               login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
streams_gateway_history           login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes     no/no
streams_gateway_delete            login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
streams_gateway_change            login/login no/no       yes/no      yes/no      no/no       yes/yes     yes/yes     no/no
streams_gateway_edit              login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
streams_gatewayrefusal_changelist login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes     no/no
streams_gatewayrefusal_add        login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
streams_gatewayrefusal_history    login/login no/no       yes/yes     yes/yes     no/no       yes/yes     yes/yes     no/no
streams_gatewayrefusal_delete     login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
streams_gatewayrefusal_change     login/login no/no       yes/no      yes/no      no/no       yes/no      yes/no      no/no
cdr_retentionrun_changelist       login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
cdr_retentionrun_add              login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_retentionrun_history          login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
cdr_retentionrun_delete           login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_retentionrun_change           login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
cdr_urltest_ask                   login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_urltest_changelist            login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_urltest_add                   login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_urltest_history               login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_urltest_delete                login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_urltest_change                login/login no/no       no/no       yes/yes     no/no       yes/yes     yes/yes     no/no
cdr_trialcall_changelist          login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
cdr_trialcall_add                 login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_trialcall_history             login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
cdr_trialcall_delete              login/login no/no       no/no       no/no       no/no       no/no       no/no       no/no
cdr_trialcall_change              login/login no/no       no/no       no/no       no/no       yes/yes     yes/yes     no/no
app_list                          login/login 404/404     yes/yes     yes/yes     yes/yes     yes/yes     yes/yes     404/404
(?P<url>.*)$                      login/login 404/404     404/404     404/404     404/404     404/404     404/404     404/404
"""
"""GET/POST. login: sent to the login page; no: 403; yes: the page, a redirect, or the form with its errors; else the status."""

SOCKETS = """
#                                 anonymous   nobody      Support     Operator    Billing     Admin.      superuser   change_user
live_call                         no          no          yes         yes         yes         yes         yes         no
live_stream                       no          no          yes         yes         yes         yes         yes         no
"""


ACTIONS = """
#                                 anonymous   nobody      Support     Operator    Billing     Admin.      superuser   change_user
streams_callback:resend_selected  -           -           -           acts        -           acts        acts        -
cdr_failedsignin:lift_selected    -           -           -           -           -           acts        acts        -
streams_gateway:delete_selected   -           -           -           -           -           acts        acts        -
auth_user:delete_selected         -           -           -           -           -           -           acts        -
auth_group:delete_selected        -           -           -           -           -           acts        acts        -
cdr_streamdetail:stop_selected    -           -           -           acts        -           acts        acts        -
"""
"""acts: rows were changed; -: none was. Of all users at once an administrator deletes none: there are superusers among them."""


def table(text: str) -> dict[str, list[str]]:
    return {words[0]: words[1:] for words in map(str.split, text.strip().splitlines()) if words[0] != "#"}


def people() -> list[tuple[User | None, Client]]:
    """In the order of WHO."""
    named = [person(role.lower(), role) for role in WHO if role in roles.ROLES]
    clerk = User.objects.create_user("change_user", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="change_user"))
    users = [User.objects.create_user("nobody", is_staff=True), *named, User.objects.create_superuser("superuser"), clerk]
    return [(None, Client()), *((user, signed_in(user)) for user in users)]


# What it answers -----------------------------------------------------------------------------------------------------
def verdict(response: Any) -> str:
    if response.status_code == 302 and response.headers["Location"].startswith("/admin/login/"):
        return "login"
    return {200: "yes", 301: "yes", 302: "yes", 403: "no"}.get(response.status_code, str(response.status_code))


@pytest.fixture(autouse=True)
def asked_by_few() -> Iterator[None]:
    """A thousand requests leave little garbage, and looking for it among all that Django has loaded takes a fifth of the time."""
    gc.disable()
    with known_people():
        yield
    gc.enable()


@contextmanager
def drawn(yes: bool) -> Iterator[None]:
    """A status is known before a page is drawn, and what the head of each page is drawn of is no business of its own."""
    if yes:
        yield
        return
    with mock.patch.object(Template, "render", lambda template, context: ""), without_sections():
        yield


class Answer(NamedTuple):
    """`written`: the tables in which rows were added, changed or deleted."""

    response: Any
    written: set[str]

    @property
    def verdict(self) -> str:
        return verdict(self.response)


def asked(client: Client, method: str, path: str, sent: dict[str, object] | None = None) -> Answer:
    """By a browser with the person's cookies; whatever it did is undone. Each answer has the strict policy."""
    browser, written = browser_of(client), set[str]()

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if change := re.match(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"', sql):
            written.add(change[1])
        return execute(sql, params, many, context)

    with transaction.atomic(), connection.execute_wrapper(note):
        response = getattr(browser, method)(path, *([sent or {"post": "yes"}] if method == "post" else []))
        transaction.set_rollback(True)
    require_strict_policy(response, f"{method} {path}")
    return Answer(response, written)


class Answers:
    """Those that were given, each with the rights that it asked for."""

    def __init__(self) -> None:
        self.given: dict[tuple[str, str], list[tuple[Rights, Answer]]] = {}

    def to(self, user: User | None, client: Client, asked_for: tuple[str, str], path: str, sent: dict[str, object] | None = None) -> Answer:
        """`asked_for`: a name, and the method."""
        if user is None:
            return asked(client, asked_for[1], path, sent)
        given = self.given.setdefault(asked_for, [])
        for rights, answer in given:
            if has(user, rights):
                return answer
        with noted(user) as rights:
            answer = asked(client, asked_for[1], path, sent)
        given.append((rights, answer))
        return answer


def may_write(method: str, name: str, said: str) -> set[str]:
    """The tables that an answer may have written to. Only a form that was taken writes any."""
    if method == "post" and said == "yes":
        return set(connection.introspection.django_table_names())
    return {LOOKS, "cdr_auditentry"} if name.endswith(("_jsonl", "_txt")) and said == "yes" else {LOOKS}


@pytest.mark.django_db
def test_every_page_answers_every_role_as_the_table_says(caplog) -> None:
    """Drawn is what a superuser's forms answer, with their errors, and what somebody sees who may hardly do anything. What else the pages
    look like is drawn, and read, by tests/test_canaries.py for the roles and by tests/cdr/admin/test_accessibility.py."""
    caplog.set_level(logging.ERROR, "django.request")
    rows()
    found: dict[str, list[str]] = {}
    wrote: list[tuple[str, str, str, set[str]]] = []
    answers = Answers()
    for turn, (who, (user, client)) in enumerate(zip(WHO, people(), strict=True)):
        for place, (name, path) in enumerate(addresses(user).items()):
            said = {}
            for method in ("get", "post"):
                with drawn(who == "change_user" or (who, method) == ("superuser", "post")):
                    to = Answers() if (who, method) == ("superuser", "post") else answers
                    answer = to.to(user, client, (name, method), path)
                said[method] = answer.verdict
                wrote += [(who, method, path, answer.written)] if answer.written - may_write(method, name, answer.verdict) else []
            found.setdefault(name, []).append("/".join(said.values()))
            refused = said["get"] in ("no", "login")
            if user and (refused or who == "superuser"):  # whom nothing refuses: what only looks at the method for POST would act
                other = OTHER_VERBS[(place + turn) % len(OTHER_VERBS)]
                with drawn(False):
                    answer = answers.to(user, client, (name, other), path)
                assert answer.response.status_code < 500 and (not refused or answer.verdict in ("no", "login", "405")), (who, other, path)
                wrote += [(who, other, path, answer.written)] if answer.written - may_write(other, name, answer.verdict) else []
    assert_as_declared(found, table(PAGES), "PAGES")
    assert wrote == [], "who looks, or is refused, has changed rows of these tables"


@pytest.mark.django_db
def test_every_list_refuses_every_role_what_it_does_not_understand(caplog) -> None:
    """As it refuses the list itself, or with a sentence and no row; whatever the role."""
    caplog.set_level(logging.ERROR, "django.request")
    rows()
    lists = {name: reverse(f"admin:{name}_changelist") for name in sections()}
    answers, declared = Answers(), table(PAGES)
    for who, (user, client) in zip(WHO, people(), strict=True):
        for name, path in lists.items():
            plain = declared[f"{name}_changelist"][WHO.index(who)].split("/")[0]
            with drawn(False):
                answer = answers.to(user, client, (name, "get"), f"{path}?pk__gte=0&id__regex=^1")
            assert (answer.verdict, answer.written - {LOOKS}) == ({"yes": "400"}.get(plain, plain), set()), (who, path)
            listed = answer.response.context_data.get("cl") if plain == "yes" else None
            assert not listed or not list(listed.result_list), (who, path)


@pytest.mark.django_db
def test_every_action_of_a_list_is_done_for_whom_the_table_says(caplog) -> None:
    """Sent for all rows at once, confirmed, by everybody, also by those to whom it is not offered."""
    caplog.set_level(logging.ERROR, "django.request")
    rows()
    found: dict[str, list[str]] = {}
    everybody, answers = people(), Answers()
    for section, model in sections().items():
        for action in dict.fromkeys((*(console._registry[model].actions or ()), "delete_selected")):
            sent = {"action": str(action), "_selected_action": [row.pk for row in model._default_manager.all()], "post": "yes"}
            for user, client in everybody:
                address, confirmed = reverse(f"admin:{section}_changelist"), {**sent, "confirmed": "yes"}
                with drawn(False):
                    answer = answers.to(user, client, (f"{section}:{action}", "post"), address, confirmed)
                found.setdefault(f"{section}:{action}", []).append("acts" if answer.written - {LOOKS} else "-")
    never = {name for name, cells in found.items() if set(cells) == {"-"}}
    assert_as_declared({name: cells for name, cells in found.items() if name not in never}, table(ACTIONS), "ACTIONS")
    assert {name.partition(":")[2] for name in never} <= {"delete_selected", "compare_selected"}


@pytest.mark.django_db(transaction=True)
async def test_a_live_log_opens_for_those_who_may_see_the_record(monkeypatch) -> None:
    monkeypatch.setattr(channel_layers, "backends", {"default": InMemoryChannelLayer()})
    call = await sync_to_async(rows)()
    stream = await sync_to_async(Stream.objects.first)()
    clients = await sync_to_async(people)()
    keys = {"call": call.uuid, "stream": stream.uuid}
    found = {f"live_{kind}": [await opened(client, f"/admin/live/{kind}/{keys[kind]}/") for _, client in clients] for kind in live.LOGS}
    assert_as_declared(found, table(SOCKETS), "SOCKETS")


async def opened(client: Client, path: str) -> str:
    session = client.cookies.get(settings.SESSION_COOKIE_NAME)
    cookie = f"{settings.SESSION_COOKIE_NAME}={session.value}" if session else ""
    headers = [(b"host", b"localhost"), (b"origin", b"http://localhost"), (b"cookie", cookie.encode())]
    socket = PatientCommunicator(application, path, headers=headers)
    accepted, _ = await socket.connect()
    if accepted:
        await socket.send_to(text_data=json.dumps({"seen": []}))
        await socket.disconnect()
    return "yes" if accepted else "no"


def assert_as_declared(found: dict[str, list[str]], declared: dict[str, list[str]], name: str) -> None:
    wrong = [f"{page:<34}" + "".join(f"{cell:<12}" for cell in cells) for page, cells in found.items() if declared.get(page) != cells]
    gone = sorted(declared.keys() - found.keys())
    columns = f"{'#':<34}" + "".join(f"{who[:11]:<12}" for who in WHO)
    assert not wrong and not gone, (
        f"These pages have no line in {name}, or answer otherwise than it says. This is what they answer now: judge each cell, "
        f"then write the line into {name}, or mend the page.\n" + "\n".join([columns, *wrong]) + f"\nIn {name} but not on the site: {gone}"
    )
