/* IKEv1 key derivation against NIST's CAVP answers and those of another implementation's program for CAVP
 * (libreswan's cavp), and the properties of what they do not cover. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "crypto/ikev1_keys.h"

static struct bytes hex(const char *text, uint8_t *out)
{
    size_t size = strlen(text) / 2;
    for (size_t i = 0; i < size; i++) {
        unsigned value = 0;
        for (size_t j = 0; j < 2; j++) {
            char c = text[2 * i + j];
            value = value << 4 | (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
        }
        out[i] = (uint8_t)value;
    }
    return bytes_of(out, size);
}

static void assert_hex(const uint8_t *got, const char *wanted)
{
    uint8_t bytes[64];
    struct bytes expected = hex(wanted, bytes);
    assert_memory_equal(got, expected.data, expected.size);
}

struct vector {
    uint16_t prf;
    const char *key; /* NULL: signatures */
    const char *nonce_i, *nonce_r, *shared_secret, *cookie_i, *cookie_r;
    const char *skeyid, *skeyid_d, *skeyid_a, *skeyid_e;
};

static const struct vector cavp[] = {
    {PRF_HMAC_SHA1, "75", "b9a2d0e922dc66dd", "2130166863b5ddef",
     "739003ba2c11c982946c65e26acf661fbf8ebb78011a9fead79efa12fe3e71cc", "83d374c30b3b5082",
     "5afc0da06c728029", "62b04d112877e442fc3282fc37c076997718a0b9",
     "369e5aad1bdb5faf6a3d929d500cdc236710a9ab", "588e957d8d790d093b3a39f121473473af78e9bb",
     "cd74b0c048219db81384d3fda8f6cda51e398a2b"},
    {PRF_HMAC_SHA1, NULL, "69a62284195f1680", "80c94ba25c8abda5",
     "8ba4cbc73c0187301dc19a975823854dbd641c597f637f8d053a83b9514673eb", "8c3bcd3a69831d7f",
     "d2d9a7ff4fbe95a7", "707197817fb2d90cf54d1842606bdea59b9f4823",
     "384be709a8a5e63c3ed160cfe3921c4b37d5b32d", "48b327575abe3adba0f279849e289022a13e2b47",
     "a4a415c8e0c38c0da847c356cc61c24df8025560"},
    {PRF_HMAC_SHA2_256, "fe938d891045dd0ae3dd", "caf9f74dffc4065d7247e364aae8fe87",
     "d31636664663c0483d6a5020dc1e6676a6b363bce25d4046230821c0e7015b1f",
     "4d184bc672b619c480fff669dde536bee9c8a10141c869d62effef5d01ae6757794a80d43e9758d0fdd1fba462b17ad5a8299a9"
     "392044d538d4356d98d54614e8a51563e23d2ff4ca7807758ae3522cee72fbde26641322883f976101a1f2e00079c7be7c9da8e"
     "4f912eeb6f3ea69007866a33c21fd4072f4cb0f0815e660799da1f8d4e6b43280f8f04272081ece45ccc74fa2816cce4599f641"
     "e9b4c9ecda6f248d5a12e30e21219c4eecdc874af0d071fd1e7020610750ee1f66d092084ea6f8f5c76aa051fda1e8acae63f54"
     "94331f202a414cc9417737568f835cb5bda2011ecf0c5bc3fc1ade36be953c2aef5a2660329565ad5fbbf2f180911962cee1",
     "b96db8faa195d08d", "46fcd307e567692f",
     "7293f05e500aa3175ebe923377446842a6b5780bc99ada358f3d39d4ee5bfeea",
     "3c822265981030f7e1656ed1dcbb763141bde8e9ece9a3bbea6f11e5c085c75f",
     "a2602ee83f93b9239182c82f68ef638078d2be6eda548b38899d42f8a915242b",
     "34c37c0588e2c9dcefadfaeb259fc869980525ef9efd62df396c987ea353b378"},
    {PRF_HMAC_SHA2_384, "7b6988f01d57b0cc847ede9f3dff2ab0683f0eb91315c8e4b6587e6d0438c9bb",
     "1935c6f332576d00", "28a40aa71097422b",
     "4bd9a23a3607fe531ad79c36293f76e8166514d5efb5b0220ce00c4d71fae990582f0f547ece9b8d539894654b9bccada3a0d28"
     "478e1d6b91407af142eea2a529557198e420bbe4fea0050dcb8d4da537d289b1ce509730b73a26adddc51c586ce0dbc000e9a01"
     "2a0386588e28f010a978a8485ec5d9120a85be362714006830",
     "967576ee29efc6a2", "38267ab03d54ee38",
     "cff43638b2ad49df12a850d89d836216d8a84cc0b1741ffc452f359d16a9d1b3ee8f3290460dad429577be3182a11739",
     "a1a3afd0ab64a871d5a89a183475441218a4d4961d0e2161d351c1594d6b45451e1639ef36d7f274835cc89d599c5442",
     "d2d4462f6b83ac5599b31678cdce4d80b6a79cab3647835d6bd122450f7a1a9106b4a65c548b8417d19eefcf18c76459",
     "56a1d690bb8213008e798065e5b0cc83ebbdd29ff6ae9934f6bc35d1fb383db3d93d832f91c8361cb1463b42fb45e402"},
    {PRF_HMAC_SHA2_512,
     "541fdb139296b1a513f1e75074f07a695c6e7c16893f0d3edea3b45154a4f8b4b011b6ab53f4dbeb1918dacee3c28413b666d6b"
     "038884fe9d4981ae63c144bf0",
     "c8116ba633e7d15fd056413d08cd069dc9b07c26f30dd54dba296a4d039a216b",
     "ebd6c9b194a41efa6c9d16867c5a10fc24dcb2f5042e6f3c68439734be3e51a3619e61b5c971a52c251db2b9460f026afbd63d6"
     "514d86e59f585e698f11d472a7529396ddacde27381e6ea9539597804ada6d4c8fdd70b6241d12ac386d05110806bf1d7432ba7"
     "578850f723659a73f1c7f83dc401c0143afef73a1e1907b32852609882fefbe00c844d71e668f58f5e4dd9d84c19154c9d75f4d"
     "200a76b25579d891b687b51eaf96a2db9c628ce69f4e2aa16e9f1776e8508e1c78ea797db1b93c71b4994953e54ac5fb694de26"
     "94ad6f26ebef4b91887c4b15e2bf374dd466a02f4ca9bb4fd507ee1b5a086e22119a52fe06de781b4d3c027f846ada22e107",
     "e4ebef99bca014e36434559a00603cd7232dd3a2c5a79851cde27ee67763e6d5e6f036a733e553a0918decfd8ed817ebf285202"
     "15805821d1498ac2cc3d2ec0437fd04ce2fb85e782ca0c4e39ab48c2ecfcd7ac46927477fcb9c3399665865d71c5f89716dbbf4"
     "f2235a0c2e32e49f3b99d729928d828feacd9635ec3b98784a31d82a65b6b79e0faa8beaded76239895fa84716dfef817db9fc1"
     "8f8d1eda453b08d02d58b6d0714569a4e40752aa5f9081ee1fcc4d79a3526908d749d6fb8b2ec86e7f68a7b8daf3d811c1b89ef"
     "0472c46a9e5a3987d3f035432e9b358e05dfbcb126d1a7d1b5f2f1bc6a6b2e505e77b40b1611d5d251428944a0ba5ae42ae1",
     "c21bf05b03a150b9", "fc2bf4ba563f3ff7",
     "5ad5173b3983ad6937dd2dbce46391518af2cc9bbbb797a284a1b2131c83ea4ef7788497d4401916935972f0f90e9e14e4ad54e"
     "c1a4064515b2462861f176618",
     "0302881aa84c4861a05234075f6be121726ee646b8ce8c93c79f64ed19b63d328daaf0ef06ad8d975e600e6119ac2f9408a9286"
     "0d84b5e73c52a3c619e322c3c",
     "cd7bc1781616c847dabc65bd73e67f28bad944e5d09d740c86cb7fb2b99288cfe33db1c1bb5a2411f450d91af3d76d73e3b7cf2"
     "d1ae5a10440f9ae925f963585",
     "530a570c8c448bca2e9d089e5d54af5517e69bdf50c15e6614610f63483ef0c8032b948fb6c0acd6ba0d075df73badb288f89c2"
     "2c9d9158cde060aa921857603"},
    {PRF_HMAC_SHA2_256,
     "e3a466d1aea118d6ee3b80f5b146cbfd59d27e22ac39c90d225ed8fa0d7e0a265b480c0c2e49d316f67210afdee49667388274f"
     "415d0fa3d50eed21d9e745b20c4c9134d81d66e27d7161e8a32e4b0d792cd2dfb64666f2ae70a50a615e3e9b05bbb33943fa75d"
     "e238704603caaaf08db48928fcd8904b881ffcb858efdaca6011c2823c888c79291372214e1e2b751b913e2cade72ae20fd334f"
     "2b21f303edf7cf613d6b93d31ca3d63f3caaf5e8c629af01691fd3d24c78ca96fecfa245791c052af2108b883e58c016b10c5e4"
     "811b4a82bd8ff6f2c56eb2f948d9a05c5822fc13fcd859847d403310d04a434bcd9206ff3bb045ac4508cfef74bee83a5a02",
     "72337c74e99d528aef816005c06354edaaea55d94dbbd54d5de623fc45728e208672ce743adf142e8ac7b722b8e644f05b17b25"
     "b7fa2923dc7632f2bfea02533e7fa54e1297cf100015a3c9fc46ce9680c9ef0733b9d063c7c39cdaa9ab80071f47145cf0ef3dc"
     "e5047734e50fbd15fb9b3016b01ad17359d1bfd0b49a0aa49c1ccb923f59995b17605a7f6b2d56ba30110d75588d27b9d2924cf"
     "197195930d6a5f9155fc683695b8f249cf1bf2e7e31e9455583e0d0b12627e2d5c9ffabf3e9b49c3f9d98bccec5a3a2d37befa3"
     "c34c3d4f129b75b2f6dfdcf4a0304f49990e7ea48e1fa96febd81566755d59a91241a1fac8075332d7fcedf3b6ecd66f53",
     "9e0b6a73541180b1ed3960a79689de1031f1461530c4ebbf7a41bb695bda9b4157e7c89976320156167fa5d6a5e42915340749a"
     "ec3914bb98995137d96e2b7f3a72d1c620eb604cc8bd1cefd819b6317e51523ed213e14ed840bd819523572e45464d097253568"
     "a2fae9f6786eb9b56ebf18acec25906f895967656e5831a59be8c5c29273ec4d001dbd88faef9736755de0ff77e615841a9161d"
     "5ab0bf4882a5947830aba3b21c561d2bb26134b130b344d83cdb53f5fd0dd3cf4c1551224b1888f1351cf863ffb8fcfb6d1e807"
     "f2438d364e4539dd790f6a1d402619581e6b069f4521ef778d8ba6474469d20debabac2c56dbc6129d5ca6ae95c2209ae426",
     "054ac98b07d468909bcb1fad38ab4a96ee48837fc280eb2949854cd1cf3db81d", "a408f81503f66528",
     "324f0c9210d4b2eb", "df808559fc65f0281bf9ef04af168824b19b4a2404772dd20cada6a3824fed84",
     "c781ffdc7cd3686a56cdd408d4c273fb96df3a64e1582809a29dd91ce00e9f38",
     "960ef34e4c373da974d5b54791176ba36bd2fb35ef78a3d2e5544532b93b514f",
     "e8569e88976a9374fb0c87453692b2c37af366cf85b75dcef16836bbb8746f7d"},
    {PRF_HMAC_SHA2_256, NULL, "14e55cce78e048a3bdf2505d00ca3750", "3f789fc20a53146f580cad571a97d717",
     "cbc3695d3e6303d610a87469a6118b468f8c2a20ab6cf607616a38784709045551b2b6f8cf109c695299c3374dad3420a434c7a"
     "23b94b8ee4a479bd585d327390e9a1f626cbb6fa524622e5e8ff90389b5c93bdb72ab1f2c6c5b508c6718de49ccc9d5b928fb20"
     "c51230d75dab4a85a80c27ab55347587ae22a4e8e1a4c7b11c873cea21bd36f65e56dc966c0211668deb0e82668ac5565f3a0a9"
     "1eb08664fa9d02391407566ff7c391f4a65b0b7368205451ed25223ab069aad03991e4e0aef9e3a148001afa27fe0cc7f30ce03"
     "0f11d06bb516ffc0fcf1caf664ed535d011adebaaf688ea8d8b290b19e22a63404890f8ef6ba23cb5450723fc612ecf932a0",
     "f4311ab43294f8c2", "99498f1156609f33",
     "8407b13a7fccbbb16274aba379dda9839e06140bf3ab413dc21cef51cf166094",
     "aef696893de9636ae64240f066f91fe766d0d3c1d9a0e0b02878ff0067053406",
     "a1605b48e4e89024ad56bf64eb1868de81bc5a95ebff4511a975800f5aa8f2ff",
     "27d6ed92e881d7265a5cab7be7002e270b920e8ed076044af140eb2538d6d6a4"},
    {PRF_HMAC_SHA2_384, NULL, "0ac6b2343219b09e",
     "c6d7ea480824a863b900c37e8cda13f93a1bd7a28a14cbed9127a949163c1fb2a04ac329353b93769a8e4ef669d48d034876ca1"
     "443079df3db89306657608c59",
     "a2b42e916bfa3796630ebc41eccad4f740dce441f8302bb72f1ffeb9c203cb02bd37344da55bb66e32bd4a66541a3a52",
     "dbd08d8990392baa", "ae1ca7edcd222ba9",
     "838b5b2eac45c809adc6b7529d3b4de3ae1fdc6892bb622d2ca6a0acac27677f1a3b6fe6850c852b0028cd72a3e27581",
     "e038507c982a190486a89e856433393e5da9f7d92f6ab8b1d62d6b81a261bd67d2ea7643a31bcef919fa5048e2a13828",
     "a04f8d103badf2a9288e54c5e0fede4bb2fffac4d7e7772a693e8a2a23439e189bfa275e0b2b4da4809835f59f0364c3",
     "0746b50c837a227c3de87646a8704f56b6ba57f2b518e118fa665e3c1d0481f0cbfd4ded5d72cec9b5e3bd27ea165164"},
    {PRF_HMAC_SHA2_512, NULL,
     "bdeeadcc448f436a68191092d4b42da7c8194ac739f5469d21ecfce742107150f6cdb9b124347c3e166ed17f037bdc9bbf1c397"
     "9ca52114ae4ca672a1fcf8b763e149456c733a626c24b0021074ffd5b0ad17bc0a12a02afba531dde7fb5f141e38c9d441ebbdb"
     "d6cfeb10790cd088e4c44fd7f90a4a3b70d26c372e5c49c1e202d8f39f98ad39a5cecb40e8516ef14753ddbf75c61148fe17232"
     "4364ac12b7d363d958ddfc1c5b65fc9d6a1655f19774219b0052520d7215e4d9cae402d0e98626b5b9da1a8e9b4ef7d86768ee3"
     "d92e8ed56ba9318f5c94082c1ff7d9e2440f56f0896f60b9f0b600eff50c0b861c48c8d8bc078e79fc90d74631b78ed18376",
     "520ebc9dbff702fdd85fc3626905d17269d8b783986b5557b38ff8fc918bde67",
     "26df31eb63ab81bb3a0fc2ba208b7d400ffa5be6aa745744a93d19a60fdbd9824fe8ec26e08a90826969c9d7a1f2f21575b063f"
     "158b8fbe4885394090f0cd278f3c5",
     "43feebbc1195a1ed", "8b8b588e833e1e80",
     "fe2e200c78164829261c49ef505cc94e6a1b1dc53025b82c2acd294ed0d5d9ee3faff85474047f37bd4e7afde2e03c292193f68"
     "43d2068ca6a3a8e3382deac5f",
     "7edf8820540369c68e2482cea0835ad6d9e3c737a25a4455ff9d20efdb21ddb15092629d330d8e0b9a65d261073da3e4f0791b1"
     "103a165ff4ac18edfa6b53866",
     "e3680c98df9397fe48cd19538b0a0a859585bd515a7657a862262895568ddcee63cb206789b38dc0e73dc16abcbe23b995b0664"
     "7f990669f313c80ad85b24f14",
     "cf958a60b706e1d367c77badc8240ab79cb2fe469740dc96df85e70a0b0cb1aa5b75896341ed162f5d7eee026acc5e764defebe"
     "5e5a4a8215206187cdea06c76"},
    {PRF_HMAC_SHA1, "ce4f0f27e5f2724d5908b3f51dc4c726fc2e2114", "985a25d6b61e2ca2c5bcce2ae12d5f27e5be24a4",
     "84867e56e4912d84716f0b4fca54fe9124b8ccdf",
     "36b6b114b11348a8195285e468f1c60e8c692f489e99a232f11d15504462ef978d05c346360b405f763ceb1a7202e7211b9d3c3"
     "eeb400595d4658e7dbbd8795908f8ad51b0a65f7201d6a0264f5e4cec9d7ce219bbfaa9cc3fc7db29aa8607f605255a8746b0dc"
     "d501ec699f514f1d64f8fef5c74cae154d4b1e6d318baa8f49",
     "ce4415eb95ec74c3", "394afd732940218e", "c945f193563b01b3b7961984222d4065911172a9",
     "55b341ceb37acfae51c2dd922f6a93d5c9469de4", "9878ab2ae324b5b317ffb62facff4371e0e513ff",
     "0f5e13c8ba98cfee8eedf07b0b42657862a06f51"},
};

static void skeyid_and_its_heirs_are_those_of_cavp(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cavp); i++) {
        const struct vector *vector = &cavp[i];
        uint8_t key[256], nonce_i[256], nonce_r[256], secret[256], cookie[8];
        struct ikev1_keys keys;
        struct ikev1_key_inputs inputs = {
            .prf = algorithm_by_id(TRANSFORM_PRF, vector->prf),
            .encr = algorithm_by_id(TRANSFORM_ENCR, ENCR_AES_CBC),
            .encr_key_bits = 128,
            .shared_secret = hex(vector->shared_secret, secret),
            .nonce_i = hex(vector->nonce_i, nonce_i),
            .nonce_r = hex(vector->nonce_r, nonce_r),
        };
        memcpy(inputs.cookie_i, hex(vector->cookie_i, cookie).data, 8);
        memcpy(inputs.cookie_r, hex(vector->cookie_r, cookie).data, 8);
        if (vector->key != NULL)
            assert_true(ikev1_skeyid_psk(inputs.prf, hex(vector->key, key), inputs.nonce_i, inputs.nonce_r,
                                         keys.skeyid));
        else
            assert_true(ikev1_skeyid_signature(inputs.prf, inputs.shared_secret, inputs.nonce_i,
                                               inputs.nonce_r, keys.skeyid));
        assert_true(ikev1_derive_keys(&inputs, &keys));
        assert_hex(keys.skeyid, vector->skeyid);
        assert_hex(keys.skeyid_d, vector->skeyid_d);
        assert_hex(keys.skeyid_a, vector->skeyid_a);
        uint8_t skeyid_e[64];
        assert_memory_equal(keys.encr_key, hex(vector->skeyid_e, skeyid_e).data, 16);
    }
}

static void a_key_longer_than_skeyid_e_is_stretched(void **state)
{
    (void)state;
    const struct algorithm *prf = algorithm_by_id(TRANSFORM_PRF, PRF_HMAC_SHA1);
    uint8_t skeyid_e[20], wanted[40], zero = 0, secret[64], nonce[64], key[64];
    struct ikev1_keys keys;
    const struct vector *vector = &cavp[0];
    struct ikev1_key_inputs inputs = {
        .prf = prf,
        .encr = algorithm_by_id(TRANSFORM_ENCR, ENCR_AES_CBC),
        .encr_key_bits = 256,
        .shared_secret = hex(vector->shared_secret, secret),
    };
    hex(vector->cookie_i, inputs.cookie_i);
    hex(vector->cookie_r, inputs.cookie_r);
    (void)nonce, (void)key;
    hex(vector->skeyid, keys.skeyid);
    assert_true(ikev1_derive_keys(&inputs, &keys));
    struct bytes e = hex(vector->skeyid_e, skeyid_e), input = bytes_of(&zero, 1);
    assert_true(prf_compute(prf, e, &input, 1, wanted));
    input = bytes_of(wanted, 20);
    assert_true(prf_compute(prf, e, &input, 1, wanted + 20));
    assert_memory_equal(keys.encr_key, wanted, 32);
}

/* A Main Mode of others (Wireshark's capture ikev1-bug-12610 and the key that goes with it): its last two
 * messages and the first Informational one. AES-256, SHA2-256, MODP1024. */
static void a_conversation_of_others_is_decrypted(void **state)
{
    (void)state;
    static const char public_i[] =
        "3d27eb1acd7c562233c8889f2e539287b7b944b29ab6dd2ac8cf78ec1fb62f3bda48caadbc8137ab03a5b398c74dba0f"
        "9fc19835339f5fa7bd2f6aed79fd82cc71f4cb67e74df5d7f0d26d8f02d83dd56a224fcf123b372a19bddbc30d93b3d7"
        "98476dd3604be43217d278081a34e7986a6aa718a3d50691d1752ffe07404323";
    static const char public_r[] =
        "8c2edf573c90a1d4549206ee36a851ca3bcb0402274ef534dd8ffc90c2a5be7324f16e2cb4ae4fc33e1cf6c613d4ae56"
        "590e22b0267b7b63d61fdf13d2aadfd22acd0d297f72fcbe2234746c92181cf47eea67d361c6f9357c1effad4474c824"
        "9cd943ffc27bb98ff74529360b41119ac805c2073022302e6e19cb4d1b6a50cb";
    static const char *const messages[] = {
        ("54ea37080731b5e78171c84dd44cea939429a463ca39cc7159a2f9caea554021277dc77983f052ecef03c5e9eed98c52"
         "1a55d235ba2ceed3f63dcca70aa0c7e5a3549a5f053616ea04a18cf119ea7956"),
        ("b10f0a7d927ebe5727737783fbe94f5bf436080ac63dc862da7f864d73ce8afbbcdd6a6b52edbb7d57a0d96212e9b08b"
         "dca218b6476b5d76052172c46dc44751"),
        ("27afb5a0d2c3917b2c0e8fbc57247dc8fd80b493ee7fee603f6c5bff8c00710b0eac9b10f7a9f36c7c44f3032fbbc44d"
         "c4f031cd768ccf4d944f3e3f3ab70956b782423e16ec743134f1ed2171ad2e99eb1c6850a45ad69523b252ca647b7216")};
    static const char *const plain[] = {
        "0800000c011101f4c0a8006400000024", "08000018020000006d6f6f6e2e6c6f63616c646f6d61696e00000024",
        ("0b0000243500b0c3b0c8320d9d037b9b2d0fb7991d07f7c0885e184035fff256705f813d"
         "0000001c0000000101106002ab3e0f1f8bc3be8e3411e716366643fd")};
    const struct algorithm *prf = algorithm_by_id(TRANSFORM_PRF, PRF_HMAC_SHA2_256);
    const struct algorithm *encr = algorithm_by_id(TRANSFORM_ENCR, ENCR_AES_CBC);
    uint8_t key[32], i[128], r[128], iv[16], exchange_iv[16], data[128];
    struct bytes key_bytes = hex("928392441e00ece5e8af3bc545416e86afa1291e7c013271514738b70ef25d22", key);
    assert_true(ikev1_first_iv(prf, encr, hex(public_i, i), hex(public_r, r), iv));
    for (size_t at = 0; at < 2; at++) {
        size_t size = hex(messages[at], data).size;
        assert_true(ikev1_decrypt(encr, key_bytes, iv, data, size));
        assert_hex(data, plain[at]);
    }
    assert_true(ikev1_exchange_iv(prf, encr, iv, 0x83e1ee0b, exchange_iv));
    size_t size = hex(messages[2], data).size;
    assert_true(ikev1_decrypt(encr, key_bytes, exchange_iv, data, size));
    assert_hex(data, plain[2]);
}

static void an_iv_goes_on_from_message_to_message(void **state)
{
    (void)state;
    const struct algorithm *encr = algorithm_by_id(TRANSFORM_ENCR, ENCR_AES_CBC);
    uint8_t key[16] = {1}, sender[16] = {2}, receiver[16] = {2}, message[3][48], copy[3][48];
    for (size_t i = 0; i < 3; i++) {
        memset(message[i], (int)i + 7, sizeof(message[i]));
        memcpy(copy[i], message[i], sizeof(copy[i]));
        assert_true(ikev1_encrypt(encr, bytes_of(key, sizeof(key)), sender, message[i], 48));
        assert_memory_not_equal(message[i], copy[i], 48);
    }
    for (size_t i = 0; i < 3; i++) {
        assert_true(ikev1_decrypt(encr, bytes_of(key, sizeof(key)), receiver, message[i], 48));
        assert_memory_equal(message[i], copy[i], 48);
    }
    assert_memory_equal(sender, receiver, sizeof(sender));
}

/* NBS Special Publication 500-20: "Now is t" under 0123456789abcdef. */
static void des_is_triple_des_with_one_key(void **state)
{
    (void)state;
    const struct algorithm *encr = algorithm_by_id(TRANSFORM_ENCR, 2);
    uint8_t key[8], iv[8] = {0}, data[8];
    hex("0123456789abcdef", key);
    memcpy(data, "Now is t", sizeof(data));
    assert_true(ikev1_encrypt(encr, bytes_of(key, sizeof(key)), iv, data, sizeof(data)));
    assert_hex(data, "3fa40e8a984d4815");
}

static void what_is_not_whole_blocks_is_not_decrypted(void **state)
{
    (void)state;
    const struct algorithm *encr = algorithm_by_id(TRANSFORM_ENCR, ENCR_AES_CBC);
    uint8_t key[16] = {0}, iv[16] = {0}, data[40] = {0}, untouched[16] = {0};
    assert_false(ikev1_decrypt(encr, bytes_of(key, sizeof(key)), iv, data, 40));
    assert_false(ikev1_decrypt(encr, bytes_of(key, sizeof(key)), iv, data, 0));
    assert_false(ikev1_decrypt(encr, bytes_of(key, 15), iv, data, 32));
    assert_memory_equal(iv, untouched, sizeof(iv));
}

static void the_two_spis_of_a_quick_mode_have_different_keys(void **state)
{
    (void)state;
    const struct algorithm *prf = algorithm_by_id(TRANSFORM_PRF, PRF_HMAC_SHA2_256);
    uint8_t skeyid_d[32] = {3}, nonce[16] = {4}, ours[100], theirs[100], again[36];
    struct ikev1_keymat_inputs inputs = {
        .protocol = 3, .spi = 0x1001, .nonce_i = bytes_of(nonce, 16), .nonce_r = bytes_of(nonce, 8)};
    assert_true(ikev1_keymat(prf, skeyid_d, &inputs, ours, sizeof(ours)));
    assert_true(ikev1_keymat(prf, skeyid_d, &inputs, again, sizeof(again)));
    assert_memory_equal(ours, again, sizeof(again));
    inputs.spi = 0x1002;
    assert_true(ikev1_keymat(prf, skeyid_d, &inputs, theirs, sizeof(theirs)));
    assert_memory_not_equal(ours, theirs, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skeyid_and_its_heirs_are_those_of_cavp),
        cmocka_unit_test(a_key_longer_than_skeyid_e_is_stretched),
        cmocka_unit_test(a_conversation_of_others_is_decrypted),
        cmocka_unit_test(an_iv_goes_on_from_message_to_message),
        cmocka_unit_test(des_is_triple_des_with_one_key),
        cmocka_unit_test(what_is_not_whole_blocks_is_not_decrypted),
        cmocka_unit_test(the_two_spis_of_a_quick_mode_have_different_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
