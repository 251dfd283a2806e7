"""What is known to have hurt those who poll OneFS, and the tests that show that it does not hurt us.

Each trap is a sentence about the cluster, or about a way of asking it; each test is `file::name` below tests/.
"""

from __future__ import annotations

from collections.abc import Mapping

_U, _I, _P, _S = (
    "unit/onefs/test_onefs_",
    "integration/onefs/test_onefs_",
    "unit/polling/test_",
    "integration/simulator/test_simulator_",
)
_HOUR = f"{_I}hour.py::"
_SESSION = f"{_I}session.py::"
_LOGINS = f"{_U}logins.py::"
_FAULTS = f"{_I}faults.py::"
_STATS = f"{_U}statistics.py::"
_ASKS = f"{_U}statistics_asks.py::"
_POLLS = f"{_I}statistics_polls.py::"
_TRAPS = f"{_U}traps.py::"
_FAILURES = f"{_U}failures.py::"
_OPERATIONS = f"{_U}operations.py::"

THE_VENDORS_SDK: Mapping[str, tuple[str, ...]] = {
    "Importing the SDK costs a second and 60 MB.": (f"{_U}provider.py::test_importing_the_provider_does_not_import_the_sdk",),
    "Without the SDK everything but one check works.": (
        f"{_I}typed.py::test_without_the_sdk_one_check_is_skipped_and_says_what_to_install",
    ),
    "By itself the SDK opens a session for every poll and never closes it.": (
        f"{_HOUR}test_an_hour_is_one_session_and_two_connections_and_its_end_is_renewed_once",
        f"{_I}typed.py::test_a_call_gives_the_vendors_model_over_our_session",
    ),
    "Sixteen threads on a cold client made fourteen sessions.": (f"{_LOGINS}test_many_who_ask_at_once_make_one_login",),
    "A password on every request makes the cluster ask its directory each time.": (
        f"{_TRAPS}test_no_question_carries_a_password_or_asks_for_another_session",
    ),
    "No timeout: a cluster that hangs holds its client for ever.": (
        f"{_FAULTS}test_a_hung_server_is_unreachable_within_the_timeout",
        f"{_FAULTS}test_a_port_that_accepts_and_says_nothing_is_unreachable_within_the_timeout",
        f"{_FAULTS}test_a_server_that_drips_its_answer_is_unreachable_within_the_timeout",
        f"{_I}typed.py::test_a_cluster_that_hangs_is_given_up_with_the_thread",
    ),
    "What is printed to standard output breaks a protocol that is spoken there.": (
        "acceptance/test_mcp_agent.py::test_targets_and_metrics_are_answered_over_stdio_and_nothing_else",
    ),
    "Only one list of authorities is trusted, and a cluster's own certificate is signed by nobody on it.": (
        f"{_FAULTS}test_a_wrong_authority_is_unreachable_and_the_hint_names_ca_file_and_fingerprint",
        f"{_FAULTS}test_the_systems_store_does_not_trust_a_clusters_own_authority",
        f"{_FAULTS}test_a_pinned_certificate_is_trusted",
        f"{_FAULTS}test_another_certificate_than_the_pinned_one_gets_no_password",
    ),
    "Numbers come back as text, structures as text of another language.": (
        f"{_U}decoding.py::test_a_number_is_read_also_from_text",
        f"{_U}quotas.py::test_numbers_as_text_are_numbers",
        f"{_STATS}test_every_shape_of_value_that_was_recorded_is_survived",
    ),
    "One value outside the documented range makes the whole answer fail: shadow bytes below 0.": (
        f"{_U}snapshots.py::test_shadow_bytes_may_be_negative_and_sizes_may_not",
    ),
    "One word outside the documented list makes the whole answer fail: a job that waits.": (
        f"{_U}jobs.py::test_waiting_is_a_state_although_the_api_description_leaves_it_out",
        f"{_S}operations.py::test_a_waiting_job_breaks_the_sdk_as_it_does_on_real_clusters",
    ),
    "A field that must not be null is, while a node is down or a release is older.": (
        f"{_U}fanout.py::test_a_node_that_is_down_is_silent_in_whatever_way_a_release_says_it",
        f"{_U}releases_all.py::test_a_release_is_read_whole_but_for_what_the_tables_say",
        f"{_I}examination.py::test_an_answer_that_the_sdk_does_not_take_is_one_failed_check_and_no_more",
    ),
    "Truths are written as another language does, lists in a way that is refused.": (
        f"{_TRAPS}test_truths_are_written_as_the_api_writes_them_and_every_line_is_short",
    ),
    "Twenty thousand values through models cost a second of CPU.": (
        f"{_U}statistics_laws.py::test_the_quick_way_gives_what_the_patient_way_gives",
    ),
    "There are releases that the SDK has no package for.": (
        f"{_I}typed.py::test_a_release_gets_the_newest_package_that_is_not_newer",
        f"{_I}typed.py::test_a_release_without_a_package_is_unsupported",
        f"{_U}releases_all.py::test_a_release_is_asked_only_for_what_it_has",
    ),
}

RESOURCES: Mapping[str, tuple[str, ...]] = {
    "Each release has its own newest version of the API, and old versions of a resource lack fields.": (
        f"{_I}hardware_polls.py::test_each_collector_asks_for_the_lowest_version_that_has_its_fields",
        f"{_I}collectors.py::test_a_release_with_an_older_api_is_asked_in_its_own_version",
        f"{_I}collectors.py::test_a_release_that_cannot_tell_its_api_is_asked_for_the_version_that_is_needed",
    ),
    "Resources come and go with releases.": (f"{_U}releases_all.py::test_a_release_is_read_whole_but_for_what_the_tables_say",),
    "A node's number and its device id are two things; device 0 is the cluster.": (
        f"{_STATS}test_a_node_is_labelled_by_its_logical_number_and_not_by_its_device",
        f"{_STATS}test_without_the_logical_number_it_is_looked_up_by_device",
        f"{_POLLS}test_nodes_are_labelled_by_logical_number_even_where_the_answer_has_devices_only",
    ),
    "The times of summaries are microseconds, those of drives milliseconds.": (
        f"{_U}summaries.py::test_an_operation_is_told_in_seconds_and_bytes_without_minima_and_maxima",
        f"{_U}summaries.py::test_a_drive_is_told_by_node_and_bay_in_ratios_and_seconds",
    ),
    "The summary of the system has a row for all nodes beside those of the nodes.": (
        f"{_U}summaries.py::test_the_system_is_the_row_of_all_nodes_and_not_a_sum_that_counts_twice",
    ),
    "Resolving names of clients and owners is slow.": (
        f"{_TRAPS}test_names_are_never_resolved_for_us",
        f"{_I}summary_polls.py::test_a_client_that_comes_is_at_the_top_and_names_are_never_resolved",
    ),
    "The list of pools has node pools and the tiers that they are in, so that a sum counts twice.": (
        f"{_U}storage_pools.py::test_the_total_of_the_cluster_is_that_of_its_node_pools_and_not_of_its_tiers_too",
    ),
    "Sizes of pools are decimal text, shares are percent.": (
        f"{_U}storage_pools.py::test_usage_is_read_from_decimal_text_and_percent_becomes_a_ratio",
    ),
    "Sensors are an object or a bare list, by the release.": (
        f"{_U}node_machines.py::test_sensors_are_read_as_an_object_and_as_the_bare_list_of_older_releases",
    ),
    "Partitions and savings are counted in blocks.": (
        f"{_U}node_machines.py::test_partitions_are_counted_in_blocks_and_not_in_bytes",
        f"{_OPERATIONS}test_blocks_become_bytes_by_the_cluster_s_own_block_size",
    ),
    "Which usage a limit applies to differs by quota, and by release.": (
        f"{_U}quotas.py::test_thresholds_on_picks_the_usage_that_the_limits_apply_to",
        f"{_U}quotas.py::test_overhead_chose_the_measure_in_older_releases",
    ),
    "A quota that is being scanned has numbers that are wrong.": (
        f"{_U}quotas.py::test_a_quota_that_is_not_ready_gives_no_usage_and_keeps_its_limits",
        f"{_U}quotas.py::test_one_measure_that_is_not_ready_gives_no_usage",
    ),
    "A limit that is not set is null, and null is not 0.": (f"{_U}quotas.py::test_a_limit_that_is_not_set_gives_no_sample",),
    "A licence without an end has no date; one with an end has a date without a time zone.": (
        f"{_U}licences.py::test_a_perpetual_licence_is_active_and_has_no_expiry",
        f"{_U}licences.py::test_a_licence_ends_with_the_end_of_its_last_day_where_the_cluster_is",
    ),
    "Sessions of SMB come by node and page by page.": (
        f"{_OPERATIONS}test_sessions_of_a_node_add_up_over_pages_and_name_nobody",
        f"{_OPERATIONS}test_a_node_with_more_sessions_than_are_read_tells_that_and_no_number",
    ),
    "A certificate that was renewed and not made the default shows only in the handshake.": (
        f"{_I}hardware_polls.py::test_the_certificate_of_the_handshake_is_the_one_that_the_port_shows",
    ),
    "Kinds of events are numbers whose names only the cluster knows.": (
        f"{_U}events.py::test_a_cause_that_is_a_number_gets_its_symbolic_name_from_the_cluster",
        f"{_I}event_polls.py::test_definitions_are_read_at_the_start_and_when_the_release_changes",
    ),
    "Events come and go between two polls.": (
        f"{_I}event_polls.py::test_what_opened_and_was_resolved_while_nobody_looked_is_told_exactly_once",
        f"{_I}event_polls.py::test_a_poll_that_breaks_off_loses_no_event",
    ),
}

ENVELOPES: Mapping[str, tuple[str, ...]] = {
    "A list goes on until there is no token, and a token goes with no other argument.": (
        f"{_I}collectors.py::test_every_page_of_2500_quotas_is_read",
        f"{_HOUR}test_5000_of_5000_quotas_over_all_pages_and_with_their_own_numbers",
    ),
    "A token expires, and then the rest of the list is refused.": (
        f"{_TRAPS}test_a_list_whose_next_page_has_expired_is_a_bad_answer_and_no_short_list",
    ),
    "Pages that never end, or that break off.": (
        f"{_I}collectors.py::test_pages_that_go_round_in_circles_are_a_bad_answer",
        f"{_I}collectors.py::test_a_list_that_breaks_off_on_a_later_page_is_a_bad_answer_and_not_a_short_list",
    ),
    "Errors come as an object or as a bare list, and that even with 200.": (
        f"{_FAILURES}test_a_bare_array_of_errors_is_denied_with_the_privilege",
        f"{_U}recorded_all.py::test_a_bare_array_that_forbids_is_denied_by_the_privilege",
    ),
    "The privilege that is missing is named in a message, or not at all.": (
        f"{_FAILURES}test_denied_names_the_privilege_of_the_message_before_the_one_of_the_path",
        f"{_I}operations_polls.py::test_a_cluster_that_does_not_name_the_privilege_is_helped",
    ),
    "An ended session is answered with a web page.": (
        f"{_SESSION}test_a_401_as_html_is_not_parsed_and_the_question_is_asked_again",
        f"{_FAULTS}test_an_html_page_instead_of_an_answer_is_a_bad_answer",
    ),
    "A node that is down is an entry with an error inside a good answer.": (
        f"{_U}fanout.py::test_a_node_that_is_named_among_the_errors_only_is_silent_too",
        f"{_TRAPS}test_errors_beside_the_nodes_of_an_answer_cost_the_others_nothing",
        f"{_U}node_down_all.py::test_a_node_that_goes_down_loses_only_its_own_series",
    ),
    "Each statistic has an error code of its own; one of them says that the value is good all the same.": (
        f"{_STATS}test_a_degraded_value_is_still_valid",
        f"{_STATS}test_a_value_with_any_other_error_code_gives_no_sample_even_if_it_is_0",
        f"{_U}recorded_all.py::test_an_error_code_of_0_is_a_good_value",
    ),
    "Some codes are worth another try, others mean never.": (
        f"{_ASKS}test_only_what_a_living_device_may_still_give_is_worth_another_try",
        f"{_ASKS}test_a_key_is_hopeless_when_no_device_will_give_it",
        f"{_POLLS}test_a_key_that_no_node_has_is_parked_for_an_hour",
    ),
    "One key that a release does not know fails the whole request.": (
        f"{_TRAPS}test_every_question_for_statistics_takes_what_there_is_of_all_nodes_by_their_numbers",
        f"{_ASKS}test_refused_keys_are_found_by_halves",
        f"{_U}recorded_all.py::test_a_key_that_is_not_found_alone_is_parked_and_all_keys_are_unsupported",
    ),
    "A line that is too long is refused.": (
        f"{_ASKS}test_the_keys_of_one_request_stay_below_the_limit_of_its_line",
        f"{_TRAPS}test_truths_are_written_as_the_api_writes_them_and_every_line_is_short",
    ),
    "A body can have any form: cut, garbled, empty, of another type, or with half a character.": (
        f"{_U}fuzz_all.py::test_nothing_but_a_bad_answer_is_raised_and_no_wrong_number_published",
        f"{_U}decoding.py::test_half_a_surrogate_pair_costs_nothing_and_is_kept",
        f"{_FAULTS}test_a_good_answer_under_a_wrong_content_type_is_still_good",
    ),
}

UNITS: Mapping[str, tuple[str, ...]] = {
    "CPU is in permil, load in cents, shares of the file system in percent.": (
        f"{_STATS}test_each_unit_is_converted_to_its_base",
        f"{_STATS}test_units_agree_with_the_catalogue_of_a_real_cluster",
        f"{_U}recorded_all.py::test_the_statistics_of_2022_are_permil_and_bytes",
        f"{_POLLS}test_idle_user_and_the_other_modes_are_all_of_the_time",
    ),
    "The cluster's own catalogue can say another unit than ours.": (
        f"{_ASKS}test_the_units_of_the_cluster_win_where_they_measure_the_same",
        f"{_ASKS}test_a_unit_that_measures_something_else_gives_no_number",
    ),
    "A key is measured every five seconds, every five minutes or when asked; asking more often gives nothing.": (
        f"{_ASKS}test_the_interval_of_a_key_is_the_shortest_of_its_policies",
        f"{_POLLS}test_a_key_is_asked_for_as_often_as_the_cluster_measures_it_and_its_value_stays",
        f"{_POLLS}test_values_with_an_old_time_are_read_and_not_counted_as_new",
    ),
    "Many keys are structures, each of its own kind.": (
        f"{_STATS}test_a_structured_value_gives_its_fields_and_microseconds_become_seconds",
        f"{_STATS}test_a_list_of_single_operations_is_not_taken_for_a_total",
        f"{_U}recorded_all.py::test_a_recorded_shape_of_value_gives_its_numbers",
    ),
    "Operations that wait for something spoil every average of times.": (
        f"{_STATS}test_operations_that_wait_are_left_out_of_the_average_time_and_not_of_the_rate",
        f"{_U}summaries.py::test_a_protocols_latency_is_weighted_by_rate_and_leaves_out_operations_that_wait",
    ),
    "The names of keys change with releases.": (
        f"{_POLLS}test_only_keys_that_the_release_has_are_asked_for_and_the_others_are_counted",
        f"{_POLLS}test_the_catalogue_is_read_once_page_by_page_and_again_after_an_upgrade",
    ),
    "Traffic of disks is not that of clients: what comes from a cache does not show there.": (
        f"{_STATS}test_metrics_are_named_by_layer_in_base_units",
    ),
    "A sum that lacks a part looks like a number.": (
        f"{_U}storage_pools.py::test_a_sum_that_lacks_one_pool_is_not_given",
        f"{_U}summaries.py::test_a_sum_of_which_a_part_is_unknown_is_unknown",
        f"{_U}snapshots.py::test_a_sum_with_a_part_that_nobody_knows_is_not_told",
    ),
}

POLLING: Mapping[str, tuple[str, ...]] = {
    "A session belongs to the node that opened it, and a name leads to another node each time.": (
        f"{_U}addresses.py::test_a_name_is_resolved_once_so_that_the_session_stays_with_its_node",
        f"{_I}node_addresses.py::test_everything_goes_to_the_first_address_with_one_login",
        f"{_I}node_addresses.py::test_a_node_that_takes_no_connections_costs_no_question",
        f"{_I}nodes.py::test_after_a_slow_answer_everything_goes_to_one_other_node_with_one_new_login",
    ),
    "An account is locked by a client that tries again and again.": (
        f"{_SESSION}test_a_wrong_password_is_tried_exactly_once_by_all_collectors_together",
        f"{_SESSION}test_a_cluster_that_refuses_its_own_new_session_is_asked_no_more",
        f"{_HOUR}test_a_storm_of_401_is_one_new_login_and_then_one_try_an_hour",
        "acceptance/test_faults.py::test_a_wrong_password_is_tried_exactly_once_by_the_whole_agent",
    ),
    "Using a session does not make it live longer; an answer carries the cookie that replaces it.": (
        f"{_SESSION}test_cookies_that_are_replaced_in_use_are_taken_without_a_login",
        f"{_LOGINS}test_a_cookie_of_any_answer_replaces_the_session_and_keeps_the_csrf_token",
        f"{_LOGINS}test_a_late_cookie_of_a_replaced_login_is_ignored",
    ),
    "A session ends for good after some hours.": (
        f"{_LOGINS}test_a_session_is_replaced_a_minute_before_its_absolute_end",
        f"{_HOUR}test_an_hour_is_one_session_and_two_connections_and_its_end_is_renewed_once",
    ),
    "One release tells ends of 0 and means something else.": (
        f"{_LOGINS}test_an_absolute_end_of_0_is_unknown_and_replaces_nothing",
        f"{_TRAPS}test_a_session_that_tells_no_end_is_used_until_the_cluster_ends_it",
    ),
    "Sessions that nobody ends pile up.": (
        f"{_SESSION}test_many_polls_use_one_session_and_leave_none",
        f"{_I}node_addresses.py::test_a_node_that_was_left_keeps_no_session_when_it_is_over",
    ),
    "A cluster can forbid sessions with a password.": (
        f"{_TRAPS}test_a_cluster_that_wants_single_sign_on_says_so_and_is_not_asked_again",
    ),
    "A question needs the token against forged requests, and an origin.": (
        f"{_LOGINS}test_a_ticket_proves_itself_by_cookie_token_and_origin",
        f"{_U}recorded_all.py::test_the_documented_login_opens_a_session_with_the_documented_cookies",
    ),
    "One slow node makes the whole cluster slow.": (
        f"{_S}nodes.py::test_a_hung_node_costs_its_own_values_and_the_timeout_that_was_asked_for",
        f"{_TRAPS}test_every_question_for_statistics_takes_what_there_is_of_all_nodes_by_their_numbers",
    ),
    "One slow cluster makes all others late.": (
        f"{_HOUR}test_a_cluster_that_hangs_delays_no_other_one_and_goes_on_with_its_session",
    ),
    "A cluster that is overloaded asks for patience.": (
        f"{_FAILURES}test_retry_after_is_seconds_or_a_date_and_is_bounded",
        f"{_FAULTS}test_a_cluster_that_asks_for_patience_gets_it",
        f"{_U}errors_pass.py::test_the_wait_that_a_cluster_asks_for_is_the_one_that_the_core_gets",
        f"{_SESSION}test_no_more_requests_than_allowed_are_under_way",
    ),
    "A failure that somebody swallows looks like health.": (
        f"{_U}errors_pass.py::test_every_error_of_every_question_reaches_the_core",
    ),
    "A hundred thousand quotas of users, files or sessions make an answer that nobody can use.": (
        f"{_I}collectors.py::test_more_quotas_than_the_limit_fail_visibly_and_the_rest_is_not_fetched",
        f"{_I}collectors.py::test_only_the_configured_types_are_asked_for",
        f"{_I}operations_polls.py::test_a_hundred_thousand_open_files_are_not_all_read",
        f"{_I}node_addresses.py::test_a_compressed_answer_is_measured_by_what_it_becomes",
        f"{_P}budget.py::test_a_poll_over_its_budget_fails_and_the_next_round_is_made",
    ),
    "An enumeration grows with a release.": (
        f"{_U}drift.py::test_a_word_that_nobody_knows_is_given_and_counted",
        f"{_U}jobs.py::test_a_state_that_nobody_knows_is_shown_and_counted_and_sets_no_flag",
    ),
    "Single fields are absent because the account may not see them.": (
        f"{_TRAPS}test_a_quota_whose_fields_the_account_may_not_see_gives_what_it_may",
    ),
    "What a damaged answer does not show passes for gone, and its alerts end.": (
        f"{_U}fuzz_all.py::test_the_laws_see_something_that_is_hidden_and_passes_for_gone",
        f"{_U}node_down_all.py::test_what_only_a_node_that_is_down_could_tell_does_not_pass_for_gone",
    ),
    "Clocks of clusters and nodes are wrong.": (
        f"{_I}hardware_polls.py::test_the_skew_of_each_clock_is_measured",
        f"{_POLLS}test_a_value_that_is_kept_keeps_its_own_time",
        f"{_ASKS}test_times_that_are_missing_or_absurd_are_those_of_the_poll",
    ),
    "Some dates are in the cluster's time zone.": (
        f"{_U}healthchecks.py::test_a_run_started_in_the_cluster_s_own_time_zone",
        f"{_I}operations_polls.py::test_a_licence_ends_in_the_time_zone_of_the_cluster",
    ),
    "An account lacks a privilege, and nobody knows which.": (
        f"{_I}hardware_polls.py::test_the_declared_privileges_are_all_that_a_collector_needs",
        "acceptance/test_tools.py::test_the_doctor_says_what_to_type_for_a_missing_privilege",
    ),
    "In the middle of an upgrade, or in maintenance, nothing should be mended.": (
        f"{_I}operations_polls.py::test_an_upgrade_is_not_committed_until_it_is",
        f"{_OPERATIONS}test_only_what_is_surely_committed_lets_remediations_go_on",
        f"{_I}event_polls.py::test_maintenance_mode_is_told",
    ),
}

INCIDENTS: Mapping[str, tuple[str, ...]] = {
    "Every incident shows in the signals that a rule would look at.": (
        "integration/simulator/test_incidents_seen.py::test_every_incident_has_a_signal_that_is_looked_for",
        "integration/simulator/test_incidents_seen.py::test_an_incident_changes_what_the_table_says_and_nothing_else",
    ),
    "An event group stays open although its cause is gone, or is gone although the cause is not.": (
        f"{_S}control.py::test_raising_the_limit_does_not_resolve_the_event",
        f"{_I}event_polls.py::test_a_group_that_was_seen_open_just_ends",
    ),
    "The cluster mends some things by itself, and then nobody else should.": (
        f"{_U}healthchecks.py::test_repair_settings_are_read_whichever_way_they_are_wrapped",
    ),
    "A snapshot that is locked must not be counted among those that should be gone.": (
        f"{_U}snapshots.py::test_what_has_expired_and_is_still_active_is_counted_with_its_bytes_and_its_delay",
    ),
    "A replication that never ran has no age, and is not 0 seconds old.": (
        f"{_U}synciq.py::test_a_policy_that_never_succeeded_has_no_age_and_one_without_an_objective_none",
    ),
}

TABLES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "sdk": THE_VENDORS_SDK,
    "resources": RESOURCES,
    "envelopes": ENVELOPES,
    "units": UNITS,
    "polling": POLLING,
    "incidents": INCIDENTS,
}
