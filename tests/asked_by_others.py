"""Tests of the files that run on PostgreSQL as well which run on SQLite alone: what they ask PostgreSQL, others ask it as well.

Each was measured: every statement that the product sends in it, with values of the same kinds, it sends in a test that is not left out;
and there as here columns come back empty, many rows in an order, and statements write none, one or many. Not left out, though others
ask the same: what is about an order, a zone, a clock, a sum, a text that is looked for, a lock, or several who come at once; nor what
has transactions or threads of its own, but for the last of the sockets that are refused and of the services that keep others waiting. A
new test is not left out until somebody writes it here."""

LEFT_OUT = {
    "tests/cdr/admin/filters/test_calls_and_streams.py": """
        test_account test_a_time_that_cannot_be_read_is_said_and_shows_nothing test_no_match_says_so_and_leads_back
    """,
    "tests/cdr/admin/lists/test_search.py": """
        test_a_hidden_address_is_found_whole test_an_export_finds_what_its_owner_finds_in_the_list
        test_another_port_of_the_host_is_not_found test_what_is_not_there_is_not_found test_a_time_that_is_none_shows_no_row_and_says_so
        test_what_is_named_so_is_one_step_away test_nothing_matches_says_how_it_was_searched
        test_nothing_matches_tells_who_may_not_see_numbers_what_he_can_look_for
    """,
    "tests/cdr/admin/lists/test_totals.py": """
        test_a_short_selection_says_at_once_what_it_comes_to test_very_many_are_not_counted_and_that_is_said
        test_a_list_with_totals_takes_few_queries_more_however_many_rows test_many_live_streams_take_one_query_more
    """,
    "tests/cdr/alerts/test_gathering.py": """
        test_a_storm_is_one_message test_a_place_gets_so_many_and_then_one_for_all_that_waits
        test_a_place_that_takes_nothing_for_a_day_gets_a_few_messages_when_it_is_back test_a_pager_gets_an_incident_for_each_and_its_end
    """,
    "tests/cdr/alerts/test_outbox.py": """
        test_what_fails_is_tried_by_the_plan_of_callbacks_until_it_is_given_up
    """,
    "tests/cdr/alerts/test_transitions.py": """
        test_it_opens_is_repeated_clears_and_closes test_what_falls_below_for_a_minute_is_one_alert_that_was_told_once
        test_what_hovers_about_the_threshold_stays_open
    """,
    "tests/cdr/api/test_callbacks.py": """
        test_each_try_is_told test_one_that_nobody_answered test_when_it_is_tried_next_and_that_a_blocked_host_holds_it
        test_a_stream_without_a_row_owes_nothing
    """,
    "tests/cdr/api/test_events.py": """
        test_a_log_is_what_happened_in_words test_pages_follow_each_other test_a_live_log_is_followed_while_its_notes_are_written
        test_what_is_anothers_does_not_exist test_who_of_the_operators_people_did_something_is_not_told
        test_where_the_gateway_stands_is_not_told test_a_number_behind_the_end_leads_back_to_it
        test_a_long_log_is_bounded_and_asked_for_in_as_many_queries
    """,
    "tests/cdr/api/test_statements.py": """
        test_a_draft_by_days_and_applications_with_what_came_late_and_credits test_a_currency_is_a_statement_of_its_own
        test_pages_follow_each_other test_what_is_not_its_own_is_not_there test_of_another_account_there_is_nothing
        test_as_many_queries_for_many_streams_and_closed_months
    """,
    "tests/cdr/api/test_stream_start.py": """
        test_start_asks_the_process_that_holds_the_call test_a_level_beyond_is_taken_as_the_nearest_and_the_log_is_told
        test_one_that_is_within_or_not_given_is_no_problem test_start_on_a_call_that_is_over
        test_start_to_a_url_that_an_active_stream_goes_to test_start_again_after_the_stream_has_ended
        test_a_url_that_will_not_be_dialled_is_refused_where_it_is_given
        test_a_host_that_is_blocked_is_refused_and_another_accounts_block_is_not_ours
        test_concurrent_streams_are_limited_with_those_just_asked_for test_streams_that_have_ended_and_those_of_others_do_not_count
        test_starts_per_second_are_limited
    """,
    "tests/cdr/api/test_streams.py": """
        test_get_shows_the_documented_fields_with_the_charge test_get_tells_how_noise_cancellation_went
        test_a_stream_is_visible_before_its_row_is_written test_a_stream_is_listed_once_when_its_row_is_written test_pages_that_cannot_be
        test_stop_asks_for_the_end_of_one_stream test_stop_of_a_stream_without_a_row_comes_after_its_start test_nothing_to_stop
        test_a_stream_is_found_on_its_own_call_only
    """,
    "tests/cdr/api/test_usage.py": """
        test_two_currencies_are_two_lines test_it_takes_as_many_queries_for_many_streams
    """,
    "tests/cdr/bulk_export/test_running.py": """
        test_one_that_is_cut_goes_on_and_ends_as_if_it_had_not_been test_each_part_is_read_by_one_query_and_those_that_are_fetched_with_it
        test_nothing_is_written_over_and_nothing_goes_on_by_mistake
    """,
    "tests/cdr/pages/log/test_anchors.py": """
        test_each_leads_back_to_its_row
    """,
    "tests/cdr/pages/log/test_page.py": """
        test_every_row_of_the_stream_and_of_its_call_has_its_line test_the_story_of_a_stream_in_its_lines
        test_no_secret_of_the_customer_is_in_the_log test_only_problems_and_the_first_error test_lines_of_some_groups_that_say_a_text
        test_offsets_of_a_stream_that_never_started_count_from_its_request test_the_same_number_of_queries_for_every_call
    """,
    "tests/cdr/pages/test_board.py": """
        test_an_empty_platform test_counts_are_capped test_how_streams_ended_with_shares_of_those_that_ended
        test_a_share_of_a_count_that_was_capped_is_not_told test_hosts_by_their_latest_tries
    """,
    "tests/cdr/pages/test_call.py": """
        test_every_kind_of_call_in_four_queries_and_one_for_prices_of_live_streams test_the_facts_of_an_ended_call
        test_the_story_of_a_stream_that_died test_a_live_call
    """,
    "tests/cdr/pages/test_host.py": """
        test_where_nobody_conversed_nothing_is_said_of_it test_what_begins_alike_is_another_host test_a_host_of_two_accounts_is_told_apart
    """,
    "tests/cdr/pages/test_hosts.py": """
        test_the_last_error_is_told_in_words_with_its_stream test_live_streams_are_counted_of_their_host
        test_a_page_is_bounded_however_many_hosts_an_account_streams_to test_a_busy_day_is_counted_from_its_newest_rows_on
        test_an_endpoint_that_hangs_says_so test_the_worst_services_for_the_first_page
    """,
    "tests/cdr/pages/test_stream_page.py": """
        test_it_says_what_happened_and_who_closed_with_which_code test_a_socket_that_we_closed_has_its_code_too
        test_an_attempt_that_still_goes_on test_the_bill_is_explained test_what_was_measured test_three_queries
    """,
    "tests/cdr/retention/test_plan.py": """
        test_each_account_and_kind_with_its_calls_and_the_oldest test_calls_behind_the_mark_are_not_counted test_counts_are_capped
        test_a_dry_run_says_it_and_changes_nothing test_the_command_does_it_now_and_says_what
    """,
    "tests/cdr/retention/test_removal.py": """
        test_what_a_number_is_found_by_goes_with_it_and_that_of_an_extension_stays test_it_is_done_once_however_often_it_is_done
        test_a_call_whose_callback_waits_is_left_for_later test_other_calls_are_not_touched
    """,
    "tests/cdr/retention/test_runs.py": """
        test_what_is_older_is_removed_and_what_is_younger_is_not test_an_accounts_own_days_go_before_the_installations
        test_without_days_nothing_is_done_and_nothing_written test_a_call_left_for_a_waiting_callback_is_taken_by_a_later_round
        test_the_hourly_round_begins_an_hour_after_the_last test_the_audit_log_has_each_round_that_changed_something
        test_the_audit_log_has_each_change_of_the_installations_days test_what_is_due_takes_three_queries_for_many_accounts
        test_what_cannot_be_removed_of_one_account_keeps_back_no_others
    """,
    "tests/cdr/statements/test_checking.py": """
        test_all_agrees_of_every_kind_of_call test_what_agrees_is_marked_with_the_time
        test_what_does_not_agree_is_said_and_troubles_the_status test_a_statement_that_was_right_is_found_wrong_again
        test_many_problems_are_not_told_one_by_one
    """,
    "tests/cdr/statements/test_closing.py": """
        test_what_comes_after_the_closing_is_a_line_of_the_next test_two_currencies_have_statements_of_their_own
        test_a_rate_cannot_be_dated_into_what_is_closed test_an_application_that_was_removed_still_has_its_line
        test_what_is_no_correction_is_refused_and_nothing_is_written
    """,
    "tests/cdr/statements/test_closing_jobs.py": """
        test_it_is_closed_by_a_worker_for_whoever_asked test_what_breaks_is_told_and_the_others_are_closed
    """,
    "tests/cdr/test_ledger.py": """
        test_a_stream_that_never_started_has_a_charge_of_nothing test_every_ended_stream_has_its_charge_and_no_other_has_one
        test_a_card_says_the_price_from_when_the_account_has_it_to_when_it_has_another test_many_are_charged_with_as_many_questions_as_one
    """,
    "tests/cdr/test_list_acts.py": """
        test_a_plan_says_what_is_meant_and_what_is_not test_streams_are_stopped_each_once_with_an_entry_for_each_and_one_for_all
        test_one_whose_workers_always_go_is_left_alone test_a_row_that_breaks_it_is_told_and_no_worker_breaks_on_it_again
        test_a_slice_gives_the_others_a_turn test_what_was_not_told_is_not_meant test_thousands_cost_few_statements_and_little_memory
        test_more_than_may_be_done_at_once_is_refused
    """,
    "tests/cdr/test_log_links.py": """
        test_a_link_leads_to_its_log_and_is_neither_in_the_row_nor_in_the_audit_log test_no_other_character_at_any_place_leads_anywhere
        test_a_signature_is_good_for_its_own_row_alone test_numbers_are_whole_as_long_as_its_maker_sees_them_so test_so_many_work_at_once
        test_with_another_secret_key_it_works_for_as_long_as_the_old_one_is_named
    """,
    "tests/cdr/test_spending.py": """
        test_looking_again_changes_and_writes_nothing test_streams_that_are_live_count_with_what_they_have_cost_so_far
        test_a_credit_makes_room test_what_is_spent_in_another_currency_does_not_count
    """,
    "tests/cdr/test_url_tests.py": """
        test_a_worker_tests_what_waits_and_nothing_else_comes_of_it test_only_so_many_a_minute
        test_a_test_whose_worker_has_gone_ends_and_its_person_may_ask_again test_a_bug_of_ours_ends_the_test_with_a_sentence
    """,
    "tests/streams/control/test_pending_streams.py": """
        test_a_start_that_cannot_be_settled_keeps_back_none_behind_it
    """,
    "tests/streams/delivery/test_claims.py": """
        test_a_callback_that_is_sent_again_is_given_up_no_more
    """,
    "tests/streams/delivery/test_outbox.py": """
        test_many_due_cost_three_queries test_a_host_gets_its_free_share_and_hosts_take_turns
        test_a_stream_that_is_held_back_takes_no_share test_an_account_with_many_dead_hosts_leaves_room_for_others
        test_a_host_at_its_share_is_left_due_and_nothing_written test_an_account_at_its_share_is_left_due
        test_claims_that_ran_out_take_no_share test_a_dead_endpoint_of_one_customer_delays_no_other
        test_an_endpoint_of_one_customer_that_hangs_delays_no_other_on_the_same_host
        test_what_was_given_up_can_be_sent_again_under_the_same_id test_what_was_delivered_can_be_sent_again
    """,
    "tests/streams/delivery/test_rounds.py": """
        test_tries_follow_the_schedule_and_end_with_it test_a_callback_that_waits_for_its_next_try_holds_back_the_later_ones
        test_after_three_tries_later_callbacks_may_pass test_two_minutes_after_its_first_try_later_callbacks_may_pass
        test_waiting_long_for_a_first_try_lets_nothing_pass
    """,
    "tests/streams/gateways/test_refusals.py": """
        test_a_signature_that_is_missing_or_does_not_fit test_a_codec_is_refused_with_its_call
        test_a_gateway_that_says_nothing_is_refused_with_its_call
    """,
    "tests/streams/journal/test_leases.py": """
        test_many_calls_are_ended_together_in_few_statements
    """,
    "tests/streams/journal/test_replaying.py": """
        test_what_comes_after_the_reaper_is_told_and_changes_no_charge_and_no_callback
        test_where_its_uuid_is_another_call_s_by_now_its_streams_are_written_and_nothing_of_that_call_changes
    """,
    "tests/streams/recordings/test_sweeping.py": """
        test_what_is_kept_is_read_again_in_any_part test_a_file_without_a_row_goes_and_those_with_one_stay
        test_a_recording_whose_process_was_killed_says_so_when_the_reaper_has_found_it
        test_a_storage_that_is_away_keeps_no_row_back_and_is_swept_later test_a_stream_that_goes_on_for_hours_is_left_alone
        test_what_was_kept_half_is_kept_when_it_is_done_again test_a_file_that_was_cut_off_is_not_there
    """,
    "tests/streams/test_host_blocks.py": """
        test_callbacks_wait_and_go_on test_many_that_wait_keep_nobody_else_back
    """,
    "tests/streams/test_rate_plans.py": """
        test_the_present_keys_follow_what_is_in_force_and_leave_what_is_to_come
    """,
    "tests/streams/test_tokens.py": """
        test_without_a_token_a_callback_goes_out_unsigned
    """,
}
"""By file, in the order in which they stand there."""


def names() -> list[str]:
    return [f"{file}::{name}" for file, found in LEFT_OUT.items() for name in found.split()]
